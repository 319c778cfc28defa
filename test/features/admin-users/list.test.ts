import { eq, sql } from 'drizzle-orm'
import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import { createTestApp } from '../../support/test-app.ts'

const { db, signUp } = await createTestApp(t)
const root = await signUp('admin', 'root')
const URL = '/api/v1/admin/users'
const list = async (query = '') => (await root.get(`${URL}${query}`)).json()
const names = async (query: string) =>
  (await list(query)).data.map(
    ({ username, email }: { username: string | null; email: string | null }) => username ?? email
  )

// Many accounts with one timestamp, inserted directly: signing each up would only take time.
await db.execute(sql`
  INSERT INTO users (id, username, email, name, role, disabled, created_at)
  SELECT
    gen_random_uuid(),
    'member-' || n,
    CASE WHEN n % 2 = 0 THEN 'member-' || n || '@example.com' END,
    'Member ' || n,
    (CASE WHEN n % 5 = 0 THEN 'manager' ELSE 'user' END)::user_role,
    n % 7 = 0,
    timestamptz '2026-01-02T03:04:05.678Z'
  FROM generate_series(1, 45) n`)

t.test(
  'the list returns every account once, even with equal timestamps, and links the next page',
  async (t) => {
    const seen: string[] = []
    let url: string | undefined = `${URL}?limit=20`
    let pages = 0
    while (url) {
      const response = await root.get(url)
      const { data, pagination } = response.json()
      pages++
      seen.push(...data.map(({ id }: { id: string }) => id))
      t.equal(pagination.total_returned, data.length)
      t.equal(pagination.has_more, pagination.next_cursor !== null)
      url = /^<(.+)>; rel="next"$/.exec(String(response.headers.link))?.[1]
      t.equal(url === undefined, pagination.next_cursor === null)
    }
    t.equal(pages, 3)
    t.equal(seen.length, 46)
    t.equal(new Set(seen).size, 46)
  }
)

t.test(
  'the newest come first, and an account created between two pages shifts nothing',
  async (t) => {
    const first = await list('?limit=10')
    await signUp('user', 'newcomer')
    t.strictSame(await names('?limit=1'), ['newcomer'])
    const second = await list(`?limit=10&cursor=${first.pagination.next_cursor}`)
    const ids = (page: { data: { id: string }[] }) => page.data.map(({ id }) => id)
    t.equal(new Set([...ids(first), ...ids(second)]).size, 20)
  }
)

t.test('filters apply to the list and its total', async (t) => {
  const all = await list('?limit=100&include_total=true')
  t.equal(all.pagination.total, 47)
  const managers = await list('?role=manager&include_total=true&limit=5')
  t.equal(managers.pagination.total, 9)
  t.ok(managers.data.every(({ role }: { role: string }) => role === 'manager'))
  t.equal((await list('?disabled=true&include_total=true')).pagination.total, 6)
  t.equal((await list('?disabled=false&include_total=true')).pagination.total, 41)
  t.equal((await list('?disabled=true&role=manager&include_total=true')).pagination.total, 1)
  t.equal((await list('?limit=5')).pagination.total, undefined)
  t.strictSame(await names('?role=admin'), ['root'])
})

t.test(
  'q finds a part of name, username or email in any case, and takes every character literally',
  async (t) => {
    await db.update(users).set({ name: '100% a_b \\ Ann' }).where(eq(users.username, 'newcomer'))
    t.strictSame(await names('?q=MEMBER-44@'), ['member-44'])
    t.strictSame(await names('?q=Member%2043'), ['member-43'])
    for (const q of ['100%', 'a_b', '\\', '0% A_B']) {
      t.strictSame(await names(`?q=${encodeURIComponent(q)}`), ['newcomer'], q)
    }
    t.strictSame(await names('?q=%25%25'), [])
    t.strictSame(await names('?q=nobody-like-this'), [])
  }
)

t.test('a cursor is only valid unchanged, with its filter and for its caller', async (t) => {
  const {
    pagination: { next_cursor }
  } = await list('?limit=10&role=user')
  const status = async (query: string, who = root) => (await who.get(`${URL}${query}`)).statusCode
  t.equal(await status(`?limit=10&role=user&cursor=${next_cursor}`), 200)
  t.equal(await status(`?limit=10&cursor=${next_cursor}`), 400)
  t.equal(await status(`?limit=10&role=manager&cursor=${next_cursor}`), 400)
  t.equal(
    await status(`?limit=10&role=user&cursor=${next_cursor}`, await signUp('admin', 'other-root')),
    400
  )
  const flipped = next_cursor.replace(/.$/, (c: string) => (c === 'A' ? 'B' : 'A'))
  t.equal(await status(`?limit=10&role=user&cursor=${flipped}`), 400)
})

t.test('a query parameter outside the contract is rejected and named', async (t) => {
  const cases: [query: string, pointer: string, code: string][] = [
    ['?limit=0', '/limit', 'out_of_range'],
    ['?limit=101', '/limit', 'out_of_range'],
    ['?role=owner', '/role', 'unknown_value'],
    ['?disabled=maybe', '/disabled', 'wrong_type'],
    ['?q=', '/q', 'too_short'],
    ['?role=user&role=admin', '/role', 'given_twice'],
    ['?name=x', '/name', 'unknown_field'],
    ['?page=2', '/page', 'unknown_field']
  ]
  for (const [query, pointer, code] of cases) {
    t.match(
      (await root.get(`${URL}${query}`)).json(),
      { status: 400, errors: [{ in: 'query', pointer, code }] },
      query
    )
  }
})
