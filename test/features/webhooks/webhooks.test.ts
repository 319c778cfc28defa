import { eq } from 'drizzle-orm'
import t from 'tap'
import { webhooks } from '../../../src/db/tables/webhooks.ts'
import { auditEntries, summarize } from '../../support/audit-log.ts'
import { createProject } from '../../support/projects.ts'
import { countStatuses } from '../../support/status-counts.ts'
import { createTestApp } from '../../support/test-app.ts'
import { createWebhook, readWebhook, WEBHOOKS, webhookUrl } from '../../support/webhooks.ts'

const URL = 'https://hooks.example.com/tasklane'
const ABSENT = { id: '019f2f6e-7c1a-7fff-8fff-0123456789ab' }

t.test('a webhook is created with a secret that is shown once and stored encrypted', async (t) => {
  const { signUp, db } = await createTestApp(t)
  const ann = await signUp()
  const response = await ann.post(WEBHOOKS, {
    url: URL,
    types: ['task.created', 'task.created', 'access.lost'],
    description: ' Calendar '
  })
  t.equal(response.statusCode, 201)
  t.equal(response.headers['cache-control'], 'no-store')
  t.equal(response.headers.etag, '"1"')
  const { secret, ...shown } = response.json()
  t.equal(response.headers.location, webhookUrl(shown))
  t.match(secret, /^whsec_[0-9A-Za-z+/]{43}=$/)
  t.match(shown, {
    url: URL,
    types: ['task.created', 'access.lost'],
    project_id: null,
    description: 'Calendar',
    enabled: true,
    disabled_reason: null,
    previous_secret_until: null,
    version: 1
  })
  t.strictSame(await readWebhook(ann, shown), shown)
  t.strictSame((await ann.get(WEBHOOKS)).json().data, [shown])
  const [row] = await db.select().from(webhooks)
  t.notMatch(
    JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    secret.slice(6, 40)
  )
  t.notMatch(JSON.stringify(await auditEntries(db)), secret.slice(6, 40))
})

t.test('a webhook is changed, disabled and deleted by version', async (t) => {
  const { signUp, db } = await createTestApp(t)
  const ann = await signUp()
  const project = await createProject(ann)
  const webhook = await createWebhook(ann, URL)
  const patch = (payload: object, headers = {}) =>
    ann.send({ method: 'PATCH', url: webhookUrl(webhook), payload, headers })
  const changed = await patch(
    { types: ['comment.created'], project_id: project.id, enabled: false },
    { 'if-match': '"1"' }
  )
  t.match(changed.json(), {
    types: ['comment.created'],
    project_id: project.id,
    enabled: false,
    disabled_reason: null,
    version: 2
  })
  t.equal(changed.headers.etag, '"2"')
  t.equal((await patch({ enabled: false })).json().version, 2, 'what changes nothing is no version')
  const stale = await patch({ enabled: true }, { 'if-match': '"1"' })
  t.equal(stale.statusCode, 412)
  t.equal(stale.json().current_version, 2)
  await db.update(webhooks).set({ disabled_reason: 'receiver_gone' })
  t.match((await patch({ enabled: true })).json(), { enabled: true, disabled_reason: null })
  t.match((await patch({ project_id: null })).json(), { project_id: null })
  t.equal((await patch({})).statusCode, 400)
  const remove = (version: number) =>
    ann.send({
      method: 'DELETE',
      url: webhookUrl(webhook),
      headers: { 'if-match': `"${version}"` }
    })
  t.equal((await remove(1)).statusCode, 412)
  t.equal((await remove(4)).statusCode, 204)
  t.equal((await ann.get(webhookUrl(webhook))).statusCode, 404)
  t.strictSame(
    (await auditEntries(db, 'project.created')).map(summarize).filter((it) => /webhook/.test(it)),
    ['webhook.created', 'webhook.updated', 'webhook.updated', 'webhook.updated', 'webhook.deleted']
  )
})

t.test('an unchanged webhook is answered with 304', async (t) => {
  const { signUp } = await createTestApp(t)
  const ann = await signUp()
  const webhook = await createWebhook(ann, URL)
  t.equal((await ann.get(webhookUrl(webhook), { 'if-none-match': '"1"' })).statusCode, 304)
})

t.test('of parallel requests at the limit as many succeed as there is room for', async (t) => {
  const { signUp, db } = await createTestApp(t)
  const ann = await signUp()
  for (let i = 0; i < 17; i++) {
    await createWebhook(ann, URL)
  }
  const responses = await Promise.all(
    Array.from({ length: 8 }, () => ann.post(WEBHOOKS, { url: URL }))
  )
  t.strictSame(countStatuses(responses), { 201: 3, 403: 5 })
  t.equal(responses.find((it) => it.statusCode === 403)?.json().code, 'quota_exceeded')
  t.equal(await db.$count(webhooks, eq(webhooks.owner_id, ann.user.id)), 20)
})

t.test('a repeated creation names the webhook and does not show its secret', async (t) => {
  const { signUp, db } = await createTestApp(t)
  const ann = await signUp()
  const create = (payload: object) =>
    ann.send({
      method: 'POST',
      url: WEBHOOKS,
      payload,
      headers: { 'idempotency-key': 'calendar' }
    })
  const created = (await create({ url: URL })).json()
  const repeated = await create({ url: URL })
  t.equal(repeated.statusCode, 409)
  t.match(repeated.json(), { code: 'webhook_already_made', detail: new RegExp(created.id) })
  t.notMatch(repeated.body, created.secret.slice(6))
  t.equal((await create({ url: URL, enabled: false })).statusCode, 422)
  t.equal(await db.$count(webhooks), 1)
})

t.test('webhooks of others do not exist, for managers and admins neither', async (t) => {
  const { signUp } = await createTestApp(t)
  const [ann, boss] = [await signUp(), await signUp('admin')]
  const webhook = await createWebhook(ann, URL)
  t.strictSame((await boss.get(WEBHOOKS)).json().data, [])
  for (const it of [webhook, ABSENT]) {
    const delivery = `/deliveries/${ABSENT.id}`
    const responses = await Promise.all([
      boss.get(webhookUrl(it)),
      boss.get(webhookUrl(it, '/deliveries')),
      boss.get(webhookUrl(it, delivery)),
      boss.post(webhookUrl(it, `${delivery}/redeliver`)),
      boss.post(webhookUrl(it, '/ping')),
      boss.post(webhookUrl(it, '/rotate-secret')),
      boss.post(webhookUrl(it, '/replay'), { since: new Date().toISOString() }),
      boss.send({ method: 'PATCH', url: webhookUrl(it), payload: { enabled: false } }),
      boss.send({ method: 'DELETE', url: webhookUrl(it) })
    ])
    t.strictSame(countStatuses(responses), { 404: 9 })
  }
  t.equal((await readWebhook(ann, webhook)).enabled, true)
})

t.test('an API key needs the scopes of webhooks', async (t) => {
  const { signUp, request } = await createTestApp(t)
  const ann = await signUp()
  const webhook = await createWebhook(ann, URL)
  const keyWith = async (scope: string) => {
    const expires_at = new Date(Date.now() + 86_400_000).toISOString()
    const made = await ann.post('/api/v1/me/api-keys', { name: 'x', scopes: [scope], expires_at })
    return { authorization: `Bearer ${made.json().key}` }
  }
  const [reader, writer] = [await keyWith('webhooks:read'), await keyWith('webhooks:write')]
  t.equal((await request({ url: WEBHOOKS, headers: reader })).statusCode, 200)
  t.equal((await request({ url: webhookUrl(webhook), headers: writer })).statusCode, 403)
  const create = (headers: Record<string, string>) =>
    request({ method: 'POST', url: WEBHOOKS, payload: { url: URL }, headers })
  t.equal((await create(reader)).statusCode, 403)
  t.equal((await create(writer)).statusCode, 201)
})

t.test('a webhook can be narrowed to a project that one sees, and to no other', async (t) => {
  const { signUp } = await createTestApp(t)
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await createProject(bob)
  for (const project_id of [project.id, ABSENT.id]) {
    const response = await ann.post(WEBHOOKS, { url: URL, project_id })
    t.equal(response.statusCode, 400)
    t.match(response.json().errors, [
      { in: 'body', pointer: '/project_id', code: 'unknown_project' }
    ])
  }
  t.equal((await createWebhook(bob, URL, { project_id: project.id })).project_id, project.id)
})

t.test('names of other services are refused with the right one', async (t) => {
  const { signUp } = await createTestApp(t)
  const ann = await signUp()
  const response = await ann.post(WEBHOOKS, { url: URL, events: ['*'], active: true })
  t.strictSame(
    response.json().errors.map((it: { detail: string }) => it.detail),
    ['events is unknown; did you mean types?', 'active is unknown; did you mean enabled?']
  )
  const other = await ann.post(WEBHOOKS, { target_url: URL })
  t.match(other.body, /target_url is unknown; did you mean url\?/)
})

t.test('what is disabled sends no trial, no repetition and no replay', async (t) => {
  const { signUp } = await createTestApp(t)
  const ann = await signUp()
  const webhook = await createWebhook(ann, URL)
  const ping = (await ann.post(webhookUrl(webhook, '/ping'))).json()
  await ann.send({ method: 'PATCH', url: webhookUrl(webhook), payload: { enabled: false } })
  const responses = [
    await ann.post(webhookUrl(webhook, '/ping')),
    await ann.post(webhookUrl(webhook, `/deliveries/${ping.id}/redeliver`)),
    await ann.post(webhookUrl(webhook, '/replay'), { since: new Date().toISOString() })
  ]
  t.strictSame(
    responses.map((it) => it.json().code),
    Array(3).fill('webhook_disabled')
  )
})

t.test('a deleted account leaves no webhook', async (t) => {
  const { signUp, db } = await createTestApp(t)
  const ann = await signUp()
  const webhook = await createWebhook(ann, URL)
  await ann.post(webhookUrl(webhook, '/ping'))
  const payload = { password: 'correct horse battery' }
  t.equal((await ann.send({ method: 'DELETE', url: '/api/v1/me', payload })).statusCode, 204)
  t.equal(await db.$count(webhooks), 0)
})
