import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { credentials, csv, draft, guestCredentials, poll, step, url } from '../journey-helpers.js'
import { createClient, createConfig } from './generated/client/index.js'
import {
  acceptInvitation,
  createProject,
  createProjectInvitation,
  createTask,
  createTaskComment,
  createTaskImport,
  createToken,
  deleteTask,
  getMe,
  getTask,
  getTaskImport,
  listMyInvitations,
  listTasks,
  login,
  register,
  restoreTask,
  updateTask
} from './generated/sdk.gen.js'
import type { ClientOptions, Problem, Task } from './generated/types.gen.js'

const anonymous = createClient(createConfig<ClientOptions>({ baseUrl: url }))
const expectProblem = (
  result: { error?: Problem; response?: Response },
  status: number,
  code: string
): Problem => {
  assert.ok(result.error, `${result.response?.status} is not a problem`)
  assert.deepEqual(
    [result.response?.status, result.error.status, result.error.code],
    [status, status, code]
  )
  return result.error
}

const owner_id = await step('register', async () => {
  const { data } = await register({ client: anonymous, body: credentials })
  assert.equal(data?.user.username, credentials.username)
  return data.user.id
})

const token = await step('login', async () => {
  const { data } = await login({ client: anonymous, body: credentials })
  assert.equal(data?.token_type, 'Bearer')
  return data.access_token
})

await step('createToken', async () => {
  const { data } = await createToken({
    client: anonymous,
    body: { grant_type: 'password', ...credentials }
  })
  assert.equal(data?.user.username, credentials.username)
})

const client = createClient(createConfig<ClientOptions>({ baseUrl: url, auth: token }))
const create = async (n: number): Promise<Task> => {
  const { data } = await createTask({
    client,
    body: draft(n),
    headers: { 'Idempotency-Key': `journey-${n}` }
  })
  assert.ok(data)
  return data
}

const tasks = await step('createTask', async () => {
  const created: Task[] = []
  for (let n = 0; n < 25; n++) {
    created.push(await create(n))
  }
  assert.deepEqual(
    created.map(({ title, due_date, version }) => [title, due_date, version]),
    created.map((_, n) => [draft(n).title, draft(n).due_date, 1])
  )
  return created
})
const ids = tasks.map(({ id }) => id)
const task_id = ids[3] ?? ''

await step('createTask replayed', async () => assert.equal((await create(3)).id, task_id))

await step('listTasks by cursor', async () => {
  const pages: string[][] = []
  for (let cursor: string | null = null, more = true; more; ) {
    const { data }: Awaited<ReturnType<typeof listTasks>> = await listTasks({
      client,
      query: { limit: 10, sort: 'created_at_asc', ...(cursor !== null && { cursor }) }
    })
    assert.ok(data)
    pages.push(data.data.map(({ id }) => id))
    cursor = data.pagination.next_cursor
    more = data.pagination.has_more
  }
  assert.deepEqual(
    pages.map(({ length }) => length),
    [10, 10, 5]
  )
  assert.deepEqual(pages.flat(), ids)
})

await step('listTasks filtered', async () => {
  const { data } = await listTasks({
    client,
    query: {
      status: ['todo', 'in_progress'],
      due_after: '2030-01-05',
      due_before: '2030-01-14',
      sort: 'due_date_asc'
    }
  })
  assert.deepEqual(
    data?.data.map(({ title }) => title),
    [4, 6, 7, 9, 10, 12, 13].map((n) => draft(n).title)
  )
})

await step('updateTask', async () => {
  const { data } = await updateTask({
    client,
    path: { task_id },
    body: { due_date: null, priority: 'high' }
  })
  assert.deepEqual(
    [data?.due_date, data?.priority, data?.description, data?.tags, data?.version],
    [null, 'high', 'Stays as it is', ['journey'], 2]
  )
})

await step('updateTask stale', async () => {
  const result = await updateTask({
    client,
    path: { task_id },
    headers: { 'If-Match': '"1"' },
    body: { title: 'Too late' }
  })
  const { current_version, changed_fields } = expectProblem(result, 412, 'stale_version')
  assert.equal(current_version, 2)
  assert.deepEqual(changed_fields?.toSorted(), ['due_date', 'priority'])
})

await step('deleteTask', async () => {
  const { response } = await deleteTask({
    client,
    path: { task_id },
    headers: { 'If-Match': '"2"' }
  })
  assert.equal(response?.status, 204)
})

await step('getTask deleted', async () => {
  expectProblem(await getTask({ client, path: { task_id } }), 404, 'not_found')
})

await step('restoreTask', async () => {
  const { data } = await restoreTask({ client, path: { task_id } })
  assert.deepEqual([data?.id, data?.deleted_at], [task_id, null])
})

const import_id = await step('createTaskImport', async () => {
  const { data } = await createTaskImport({
    client,
    body: { file: new File([readFileSync(csv)], 'tasks.csv', { type: 'text/csv' }) }
  })
  assert.ok(data)
  return data.id
})

await step('getTaskImport', async () => {
  const { status, rows_total, rows_imported, rows_rejected } = await poll(async () => {
    const { data } = await getTaskImport({ client, path: { import_id } })
    assert.ok(data)
    return data.status === 'queued' || data.status === 'running' ? undefined : data
  })
  assert.deepEqual([status, rows_total, rows_imported, rows_rejected], ['succeeded', 4, 3, 1])
  const { data } = await listTasks({ client, query: { tag: ['imported'] } })
  assert.equal(data?.data.length, 3)
})

await step('createTask invalid', async () => {
  const result = await createTask({
    client,
    body: { title: 'For nobody', assignee_id: '019f2f6e-7c1a-7ccc-8ccc-0123456789ab' }
  })
  const [error] = expectProblem(result, 400, 'invalid_request').errors ?? []
  assert.deepEqual([error?.in, error?.pointer], ['body', '/assignee_id'])
})

await step('getMe without token', async () => {
  expectProblem(await getMe({ client: anonymous }), 401, 'unauthenticated')
})

const { guest, guest_id } = await step('register guest', async () => {
  const { data } = await register({ client: anonymous, body: guestCredentials })
  assert.ok(data)
  return {
    guest: createClient(createConfig<ClientOptions>({ baseUrl: url, auth: data.access_token })),
    guest_id: data.user.id
  }
})

const project_id = await step('createProject', async () => {
  const { data } = await createProject({ client, body: { name: 'Shared' } })
  assert.equal(data?.role, 'owner')
  return data.id
})

await step('createProjectInvitation', async () => {
  const { username } = guestCredentials
  const { data } = await createProjectInvitation({
    client,
    path: { project_id },
    body: { username, role: 'editor' }
  })
  assert.equal(data?.username, username)
})

const invitation_id = await step('listMyInvitations', async () => {
  const { data } = await listMyInvitations({ client: guest })
  const [invitation] = data?.data ?? []
  assert.ok(invitation)
  assert.deepEqual([invitation.project_name, invitation.invited_by], ['Shared', owner_id])
  return invitation.id
})

await step('acceptInvitation', async () => {
  const { data } = await acceptInvitation({ client: guest, path: { invitation_id } })
  assert.deepEqual([data?.id, data?.role], [project_id, 'editor'])
})

const shared_id = await step('createTask in project', async () => {
  const { data } = await createTask({
    client,
    body: { title: 'Shared task', project_id, assignee_id: guest_id }
  })
  assert.deepEqual([data?.project_id, data?.assignee_id], [project_id, guest_id])
  return data?.id ?? ''
})

await step('createTaskComment', async () => {
  const { data } = await createTaskComment({
    client: guest,
    path: { task_id: shared_id },
    body: { body: 'On it' }
  })
  assert.deepEqual([data?.author_id, data?.body], [guest_id, 'On it'])
})

await step('updateTask by guest', async () => {
  const { data } = await updateTask({
    client: guest,
    path: { task_id: shared_id },
    body: { status: 'done' }
  })
  assert.equal(data?.version, 2)
})

await step('listTasks of project', async () => {
  const { data } = await listTasks({ client, query: { project_id: [project_id] } })
  assert.deepEqual(
    data?.data.map(({ completed, comment_count }) => [completed, comment_count]),
    [[true, 1]]
  )
})
