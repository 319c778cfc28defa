import { sql } from 'drizzle-orm'
import t from 'tap'
import { taskAssigners } from '../../../src/db/tables/task-assigners.ts'
import { HEAD_SCAN_ROWS } from '../../../src/features/tasks/list.queries.ts'
import { TaskSort } from '../../../src/features/tasks/list.schema.ts'
import type { Task } from '../../../src/features/tasks/schema.ts'
import { serverUrl } from '../../support/database.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

/** The embedded database runs in this very process, a page at a time: there the walk is shorter. */
const ROWS = serverUrl === undefined ? 1000 : 10_000
const PAGE = 100
const { signUp, db } = await createTestApp(t)

/** Inserts tasks with many equal sort keys, so that most pages end between two; every third has no due date. */
async function fill(who: Person, rows: number): Promise<void> {
  await db.execute(sql`
    INSERT INTO tasks
      (owner_id, id, title, status, priority, due_date, tags, created_at, updated_at)
    SELECT
      ${who.user.id}::uuid,
      gen_random_uuid(),
      chr(97 + (n % 7)) || CASE WHEN n % 2 = 0 THEN 'x' ELSE 'X' END,
      'todo',
      (array['low', 'medium', 'high'])[1 + n % 3]::task_priority,
      CASE WHEN n % 3 > 0 THEN timestamptz '2026-01-01' + (n % 50) * interval '1 day' END,
      '{}',
      timestamptz '2026-01-01' + (n % 200) * interval '1 second',
      timestamptz '2026-02-01' + (n % 300) * interval '1 second'
    FROM generate_series(1, ${rows}::int) n`)
}

async function walk(
  who: Person,
  query: string,
  between: (page: number) => Promise<unknown> = async () => {},
  limit = PAGE
): Promise<Task[]> {
  const rows: Task[] = []
  for (let cursor = '', page = 1; ; page++) {
    const response = await who.get(`/api/v1/tasks?${query}&limit=${limit}${cursor}`)
    const { data, pagination } = response.json()
    rows.push(...data)
    if (!pagination.has_more) {
      return rows
    }
    if (!String(response.headers.link).includes(pagination.next_cursor)) {
      throw new Error('Link does not name the next page')
    }
    cursor = `&cursor=${pagination.next_cursor}`
    await between(page)
  }
}

const keys: Record<string, (task: Task) => string | number | null> = {
  created_at: (task) => task.created_at,
  updated_at: (task) => task.updated_at,
  due_date: (task) => task.due_date,
  priority: (task) => ['low', 'medium', 'high'].indexOf(task.priority),
  title: (task) => task.title.toLowerCase(),
  position: (task) => task.position
}
const SORTS = TaskSort.enum as string[]
/** Positions are those of one list. */
const isByPosition = (sort: string) => sort.startsWith('position_')
const queryOf = (sort: string) => `sort=${sort}${isByPosition(sort) ? '&personal=true' : ''}`

/** Sorts ids in the order that the contract promises, without the database. */
function ordered(rows: Task[], sort: string): string[] {
  const isAscending = sort.endsWith('_asc')
  const key = keys[sort.replace(/_(asc|desc)$/, '')] as (task: Task) => string | number | null
  const compare = (a: string | number, b: string | number) => {
    const inOrder = a < b === isAscending ? -1 : 1
    return a === b ? 0 : inOrder
  }
  return [...rows]
    .sort((a, b) => {
      const [x, y] = [key(a), key(b)]
      if (x !== null && y !== null) {
        return compare(x, y) || compare(a.id, b.id)
      }
      // A task without the key comes after one with it, in both directions.
      return Number(x === null) - Number(y === null) || compare(a.id, b.id)
    })
    .map((task) => task.id)
}

t.test('every sort returns all tasks in its order, across equal and missing keys', async (t) => {
  const ann = await signUp()
  await fill(ann, 1000)
  for (const sort of SORTS) {
    const rows = await walk(ann, queryOf(sort))
    t.equal(rows.length, 1000, sort)
    t.strictSame(
      rows.map((task) => task.id),
      ordered(rows, sort),
      sort
    )
  }
})

t.test(
  'words and tags are found in order and completely, however frequent and wherever they are',
  async (t) => {
    const ann = await signUp()
    // n counts from the newest task: some words are only at the end of a head scan, some only beyond it.
    const words = {
      often: (n: number) => n % 3 === 0,
      early: (n: number) => n <= 21,
      brink: (n: number) => n > 490 && n <= 510,
      twenty: (n: number) => n <= 20 || n === HEAD_SCAN_ROWS + 1,
      late: (n: number) => n > HEAD_SCAN_ROWS && n % 50 === 0,
      last: (n: number) => n === 1200,
      never: () => false
    }
    const rows = Array.from({ length: 1200 }, (_, i) =>
      Object.entries(words)
        .filter(([, isIn]) => isIn(i + 1))
        .map(([word]) => word)
    )
    const json = JSON.stringify(rows.map((tags) => ({ words: tags.join(' '), tags })))
    await db.execute(sql`
      INSERT INTO tasks (owner_id, id, title, status, priority, due_date, tags, created_at)
      SELECT
        ${ann.user.id}::uuid,
        gen_random_uuid(),
        'Task ' || (row->>'words'),
        (array['todo', 'done'])[1 + n % 2]::task_status,
        'medium',
        CASE WHEN n % 4 > 0 THEN timestamptz '2026-01-01' + (n % 90) * interval '1 day' END,
        array(SELECT jsonb_array_elements_text(row->'tags')),
        timestamptz '2026-06-01' - n * interval '1 second'
      FROM jsonb_array_elements(${json}::jsonb) WITH ORDINALITY listed (row, n)`)
    for (const sort of ['created_at_desc', 'created_at_asc', 'due_date_asc', 'title_desc']) {
      const all = await walk(ann, `sort=${sort}`)
      t.equal(all.length, 1200)
      for (const word of Object.keys(words)) {
        for (const [filter, passes] of [
          [`q=${word}`, () => true],
          [`tag=${word}`, () => true],
          [`q=${word}&status=done`, ({ status }: Task) => status === 'done']
        ] as const) {
          const wanted = all
            .filter((task) => task.tags.includes(word) && passes(task))
            .map(({ id }) => id)
          const limit = word === 'often' ? 100 : 20
          t.strictSame(
            (await walk(ann, `sort=${sort}&${filter}`, undefined, limit)).map(({ id }) => id),
            wanted,
            `${sort} ${filter}`
          )
        }
      }
    }
  }
)

t.test(
  'paging while tasks are created, changed and deleted neither skips nor repeats one that stays',
  async (t) => {
    const ann = await signUp()
    await fill(ann, ROWS)
    const stable = new Set((await walk(ann, 'status=todo')).map((task) => task.id))
    for (const sort of SORTS) {
      const rows = await walk(ann, queryOf(sort), async (page) => {
        // Creates tasks before and after the page, and changes and deletes some of them.
        const [early, late] = await Promise.all([
          ann.create({ title: 'a', priority: 'low', due_date: '2020-01-01T00:00:00Z' }),
          ann.create({ title: 'z', priority: 'high', due_date: '2030-01-01T00:00:00Z' })
        ])
        await (page % 2
          ? ann.remove(early)
          : ann.patch(late, { title: 'b', priority: 'medium', due_date: null }))
      })
      const seen = rows.map((task) => task.id).filter((id) => stable.has(id))
      t.equal(new Set(seen).size, ROWS, `${sort} skips none`)
      t.equal(seen.length, ROWS, `${sort} repeats none`)
    }
  }
)

t.test('own tasks, assigned tasks and the trash are one list', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  await fill(ann, 150)
  await fill(bob, 150)
  await db.execute(
    sql`update tasks set assignee_id = ${ann.user.id} where owner_id = ${bob.user.id}`
  )
  await db.insert(taskAssigners).values({ assignee_id: ann.user.id, owner_id: bob.user.id })
  const [first] = await walk(ann, 'sort=title_desc')
  for (const sort of SORTS.filter((sort) => !isByPosition(sort))) {
    const rows = await walk(ann, `sort=${sort}&deleted=include`)
    t.equal(rows.length, 300, sort)
    t.strictSame(
      rows.map((task) => task.id),
      ordered(rows, sort),
      sort
    )
  }
  await db.execute(sql`update tasks set deleted_at = now() where owner_id = ${ann.user.id}`)
  t.equal((await walk(ann, 'deleted=only&sort=due_date_desc')).length, 150)
  t.equal((await walk(ann, 'deleted=include&sort=due_date_asc')).length, 300)
  t.equal((await walk(ann, 'sort=due_date_asc')).length, 150)
  t.ok(first)
})

t.test(
  'a cursor is only valid for the filters, the sort and the caller that it was created for',
  async (t) => {
    const [ann, boss] = [await signUp(), await signUp('manager')]
    await fill(ann, 150)
    const { next_cursor: cursor } = (await ann.get('/api/v1/tasks?limit=100&status=todo')).json()
      .pagination
    const rejected = {
      status: 400,
      errors: [{ in: 'query', pointer: '/cursor', code: 'bad_cursor' }]
    }
    t.equal((await ann.get(`/api/v1/tasks?status=todo&cursor=${cursor}`)).statusCode, 200)
    for (const query of [
      `cursor=${cursor}`,
      `status=done&cursor=${cursor}`,
      `status=todo&sort=title_asc&cursor=${cursor}`,
      'cursor=AAAA',
      'status=todo&cursor=AQ'
    ]) {
      t.match((await ann.get(`/api/v1/tasks?${query}`)).json(), rejected, query)
    }
    t.match(
      (await boss.get(`/api/v1/tasks?status=todo&owner_id=${ann.user.id}&cursor=${cursor}`)).json(),
      rejected
    )
    for (let i = 0; i < cursor.length; i++) {
      const altered = `${cursor.slice(0, i)}${cursor[i] === 'A' ? 'B' : 'A'}${cursor.slice(i + 1)}`
      t.equal(
        (await ann.get(`/api/v1/tasks?status=todo&cursor=${altered}`)).statusCode,
        400,
        `character ${i}`
      )
    }
  }
)

t.test('a cursor belongs to what the filters mean, not to how they are written', async (t) => {
  const ann = await signUp()
  for (let i = 0; i < 3; i++) {
    await ann.create({ title: `task ${i}`, priority: 'low', tags: ['red', 'blue'] })
  }
  const written = [
    'tag=red&tag=blue&priority=low&priority=high&created_after=2020-01-01T00:00:00Z',
    'priority=high&priority=low&created_after=2020-01-01T00:00:00Z&tag=blue&tag=red',
    'tag=%20red&tag=blue%20&priority=low&priority=high&created_after=2020-01-01T00:00:00Z',
    'tag=red&tag=blue&tag=red&priority=low&priority=high&priority=low&created_after=2020-01-01T00:00:00Z',
    'tag=red&tag=blue&priority=low&priority=high&created_after=2020-01-01T01:00:00.000%2B01:00'
  ].map((query) => `/api/v1/tasks?limit=2&${query}&owner_id=${ann.user.id}`)
  const { next_cursor } = (await ann.get(written[0] as string)).json().pagination
  for (const url of [
    ...written,
    (written[0] as string).replace(/owner_id=.*/, (it) =>
      it.toUpperCase().replace('OWNER_ID', 'owner_id')
    )
  ]) {
    const page = await ann.get(`${url}&cursor=${next_cursor}`)
    t.match(page.json(), { data: [{ title: 'task 0' }], pagination: { has_more: false } }, url)
  }
  const other = (written[0] as string).replace('tag=blue&', '')
  t.equal((await ann.get(`${other}&cursor=${next_cursor}`)).statusCode, 400)
})

t.test(
  'a cursor goes on where the filters mean the same in other words, and no further',
  async (t) => {
    const ann = await signUp()
    for (let i = 0; i < 3; i++) {
      await ann.create({ title: `Visit the École ${i}` })
    }
    const page = (query: string) => ann.get(`/api/v1/tasks?limit=2&${query}`)
    const goesOn = async (first: string, second: string) => {
      const { next_cursor } = (await page(first)).json().pagination
      return (await page(`${second}&cursor=${next_cursor}`)).statusCode === 200
    }
    const same: [first: string, second: string][] = [
      ['q=visit%20the', 'q=%20VISIT%20%20the%20'],
      ['q=%C3%A9cole', 'q=e%CC%81cole'],
      ['q=%22the%20ecole%22', 'q=%E2%80%9Cthe%20%C3%89cole%E2%80%9D'],
      ['scope=mine&deleted=exclude', ''],
      ['completed=false', 'status=todo&status=in_progress'],
      ['completed=false&status=todo&status=done', 'status=todo'],
      ['status=todo&status=done&status=in_progress', ''],
      ['priority=low&priority=medium&priority=high', '']
    ]
    for (const [first, second] of same) {
      t.ok(await goesOn(first, second), `${first} and ${second}`)
      t.ok(await goesOn(second, first), `${second} and ${first}`)
    }
    const others: [first: string, second: string][] = [
      ['q=visit', 'q=vis'],
      ['q=visit', 'q=%22visit%22'],
      ['q=the%20visit', 'q=visit%20the'],
      ['', 'deleted=include'],
      ['completed=false', 'completed=true'],
      ['completed=false', 'status=todo'],
      ['priority=low&priority=medium', '']
    ]
    for (const [first, second] of others) {
      t.notOk(await goesOn(first, second), `${first} and ${second}`)
    }
  }
)

t.test(
  'titles of which nothing is left to sort by are on no page twice, and on one each',
  async (t) => {
    const ann = await signUp()
    // A combining mark without a letter, which sorting leaves out.
    for (const title of ['\u0301', '\u0302', 'a', '\u0303', 'b']) {
      await ann.create({ title })
    }
    for (const sort of ['title_asc', 'title_desc']) {
      const found = await walk(ann, `sort=${sort}`, async () => {}, 1)
      t.equal(new Set(found.map(({ id }) => id)).size, 5, sort)
      t.equal(found.length, 5, sort)
    }
  }
)
