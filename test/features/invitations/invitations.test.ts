import { sql } from 'drizzle-orm'
import t from 'tap'
import { executeRows } from '../../../src/db/rows.ts'
import { invitations } from '../../../src/db/tables/invitations.ts'
import { auditEntries } from '../../support/audit-log.ts'
import { emailsTo } from '../../support/emails.ts'
import { tokenIn } from '../../support/links.ts'
import { advanceDeletionTime, runScheduled } from '../../support/scheduled.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const URL = '/api/v1/admin/invitations'
const h = await createTestApp(t, { env: { PUBLIC_URL: 'https://tasks.example.com/team' } })
const { db, mail, request, signUp } = h
const root = await signUp('admin', 'root')
const list = async (query = '') => (await root.get(`${URL}${query}`)).json()
const remove = (id: string) => root.send({ method: 'DELETE', url: `${URL}/${id}` })

t.test('an invitation is an email with a link, of which only a hash is stored', async (t) => {
  const response = await root.post(URL, { email: 'Ann@B\u00fccher.example', role: 'manager' })
  t.equal(response.statusCode, 201)
  const email = 'ann@xn--bcher-kva.example'
  const { id, created_at, expires_at, ...rest } = response.json()
  t.strictSame(rest, { email, role: 'manager', invited_by: root.user.id, invitation_url: null })
  t.equal(Date.parse(expires_at) - Date.parse(created_at), 14 * 86_400_000)
  const [message] = await emailsTo(mail, email)
  t.match(
    message?.text,
    /^ {4}https:\/\/tasks\.example\.com\/team\/app\/#\/register\?invitation_token=[\w-]{43}$/m
  )
  const token = tokenIn(message)
  const stored = await executeRows<{ row: string }>(
    db,
    sql`SELECT i::text AS row FROM invitations i`
  )
  t.notMatch(JSON.stringify(stored), token)
  t.strictSame((await list()).data, [
    { id, email, role: 'manager', invited_by: root.user.id, created_at, expires_at }
  ])
  t.match((await auditEntries(db)).at(-1), {
    action: 'invitation.created',
    actor_id: root.user.id,
    subject_type: 'invitation',
    subject_id: id,
    detail: 'manager'
  })
  t.equal((await remove(id)).statusCode, 204)
  t.match((await auditEntries(db)).at(-1), { action: 'invitation.withdrawn', subject_id: id })
  t.strictSame((await list()).data, [])
  t.equal((await remove(id)).statusCode, 404)
})

t.test('the list has each open invitation once, also with equal times', async (t) => {
  for (let i = 0; i < 5; i++) {
    await root.post(URL, { email: `person-${i}@example.com` })
  }
  await db.update(invitations).set({ created_at: sql`now()` })
  const seen: string[] = []
  let cursor = ''
  do {
    const { data, pagination } = await list(`?limit=2${cursor}`)
    seen.push(...data.map(({ email }: { email: string }) => email))
    cursor = pagination.next_cursor === null ? '' : `&cursor=${pagination.next_cursor}`
  } while (cursor !== '')
  t.strictSame(
    seen.toSorted(),
    [0, 1, 2, 3, 4].map((i) => `person-${i}@example.com`)
  )
  await db.update(invitations).set({ expires_at: sql`now()` })
  t.strictSame((await list()).data, [], 'an expired one is over')
  await db.update(invitations).set({ expires_at: sql`now() - interval '31 days'` })
  await runScheduled(h, 'invitations.purge')
  t.equal(await db.$count(invitations), 0)
})

t.test('two admins who invite one email at the same time make one invitation', async (t) => {
  const responses = await Promise.all(
    [1, 2, 3].map(() => root.post(URL, { email: 'bea@example.com' }))
  )
  t.strictSame(
    responses.map(({ statusCode }) => statusCode),
    [201, 201, 201]
  )
  t.equal((await list()).data.length, 1)
  t.equal((await emailsTo(mail, 'bea@example.com')).length, 3)
})

t.test(
  'without email the link is in the response, and a repetition does not show it',
  async (t) => {
    const app = await createTestApp(t, { env: { EMAIL_ENABLED: 'off' } })
    const admin = await app.signUp('admin')
    const send = () =>
      admin.send({
        method: 'POST',
        url: URL,
        headers: { 'idempotency-key': 'cid' },
        payload: { email: 'cid@example.com' }
      })
    const first = (await send()).json()
    const again = await send()
    t.equal(again.headers['idempotent-replayed'], 'true')
    t.strictSame(again.json(), { ...first, invitation_url: null })
    const response = await app.request({
      method: 'POST',
      url: '/api/v1/auth/register',
      payload: {
        email: 'cid@example.com',
        password: PASSWORD,
        invitation_token: tokenIn(first.invitation_url)
      }
    })
    t.match(
      response.json().user,
      { email_verified: false },
      'nobody has shown to read that mailbox'
    )
  }
)

t.test('only admins invite, and nobody who has an account', async (t) => {
  const manager = await signUp('manager', 'manager', { email: 'manager@example.com' })
  t.equal((await manager.post(URL, { email: 'dora@example.com' })).statusCode, 403)
  t.equal((await manager.get(URL)).statusCode, 403)
  t.equal((await request({ url: URL })).statusCode, 401)
  t.match((await root.post(URL, { email: 'MANAGER@example.com' })).json(), {
    status: 409,
    code: 'account_exists',
    errors: [{ pointer: '/email' }]
  })
  for (const payload of [{}, { email: 'dora' }, { email: 'dora@example.com', role: 'root' }]) {
    t.equal((await root.post(URL, payload)).statusCode, 400)
  }
  t.strictSame(await emailsTo(mail, 'dora@example.com'), [])
})

t.test('a deleted account leaves no invitation with its email', async (t) => {
  const email = 'eve@example.com'
  await root.post(URL, { email })
  const invitation_token = tokenIn((await emailsTo(mail, email))[0])
  const payload = { email, password: PASSWORD, invitation_token }
  const { user } = (await request({ method: 'POST', url: '/api/v1/auth/register', payload })).json()
  t.match(user, { email_verified: true })
  await root.send({ method: 'DELETE', url: `/api/v1/admin/users/${user.id}` })
  await advanceDeletionTime(db)
  await runScheduled(h, 'accounts.purge')
  const left = await executeRows<{ row: string }>(db, sql`SELECT i::text AS row FROM invitations i`)
  t.notMatch(JSON.stringify(left), email)
})
