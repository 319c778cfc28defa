import t from 'tap'
import { changesSince, presentOf } from '../../support/changes.ts'
import { comment } from '../../support/comments.ts'
import { webhookViolations } from '../../support/contract.ts'
import { imported, worker } from '../../support/imports.ts'
import { patchProject, projectWith, removeMember } from '../../support/projects.ts'
import { createTestApp } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { createWebhook, LOOPBACK, startReceiver, webhookUrl } from '../../support/webhooks.ts'

const app = await createTestApp(t, { env: { ...LOOPBACK, DIRECTORY: 'all' } })
const { signUp } = app

t.test('what is sent is what the feed shows, of every kind of resource', async (t) => {
  const [ann, ben] = [await signUp(), await signUp()]
  const receiver = await startReceiver(t)
  const start = await presentOf(ben)
  await createWebhook(ben, receiver.url)
  const project = await projectWith(ann, { editor: ben })
  const task = await ann.create({ title: 'Shared', project_id: project.id })
  await comment(ann, task, 'Which blue?')
  await patchProject(ann, project, { name: 'Bathroom' })
  await ann.create({ title: 'For ben', assignee_id: ben.user.id })
  worker(t, app)
  await imported(ben, 'title\nImported\n')
  const expected = ['access.gained', 'comment.created', 'project.updated', 'import.finished']
  await waitUntil('all kinds', () => expected.every((type) => receiver.types().includes(type)))
  const { data } = await changesSince(ben, start)
  await waitUntil('everything', () => data.every(({ id }) => receiver.ids().includes(id)))
  for (const change of data) {
    const sent = receiver.received.find(({ body }) => body.id === change.id)
    t.strictSame(sent?.body, change, change.type)
    t.strictSame(sent && webhookViolations('change', sent), [], change.type)
  }
  t.ok(data.length > 6)
  t.ok(data.filter((it) => it.data !== null).length > 5)
})

t.test('one can ask for the loss of access alone', async (t) => {
  const [ann, ben] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: ben })
  const [all, narrow] = [await startReceiver(t), await startReceiver(t)]
  await createWebhook(ben, all.url, { types: ['access.lost'] })
  await createWebhook(ben, narrow.url, { types: ['access.lost'], project_id: project.id })
  await removeMember(ann, project, ben)
  worker(t, app)
  await waitUntil('both', () => all.received.length === 1 && narrow.received.length === 1)
  for (const { body } of [...all.received, ...narrow.received]) {
    t.match(body, { type: 'access.lost', project_id: project.id, data: null })
  }
})

t.test('a disabled account gets nothing until it is enabled again', async (t) => {
  const [ann, eve, boss] = [await signUp(), await signUp(), await signUp('admin')]
  const [receiver, others] = [await startReceiver(t), await startReceiver(t)]
  const task = await ann.create({ title: 'Hers' })
  await createWebhook(ann, receiver.url, { types: ['task.updated'] })
  await createWebhook(eve, others.url, { types: ['task.created'] })
  const ping = webhookUrl(
    await createWebhook(ann, receiver.url, { types: ['task.purged'] }),
    '/ping'
  )
  t.equal((await ann.post(ping)).statusCode, 202)
  const disable = (disabled: boolean) =>
    boss.send({
      method: 'PATCH',
      url: `/api/v1/admin/users/${ann.user.id}`,
      payload: { disabled }
    })
  t.equal((await disable(true)).statusCode, 200)
  t.equal((await boss.patch(task, { title: 'Changed by the boss' })).statusCode, 200)
  await eve.create({ title: 'Of somebody else' })
  worker(t, app)
  await waitUntil('what others get', () => others.received.length === 1)
  t.strictSame(receiver.types(), [])
  t.equal((await disable(false)).statusCode, 200)
  await waitUntil('what has waited', () => receiver.received.length === 2)
  t.same(receiver.types().sort(), ['ping', 'task.updated'])
})
