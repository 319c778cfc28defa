import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import createClient from 'openapi-fetch'
import { credentials, csv, draft, guestCredentials, poll, step, url } from '../journey-helpers.js'
import type { components, paths } from './generated/schema.js'

type Task = components['schemas']['Task']
type Problem = components['schemas']['Problem']

const anonymous = createClient<paths>({ baseUrl: url })
const expectProblem = (
  result: { error?: Problem; response: Response },
  status: number,
  code: string
): Problem => {
  assert.ok(result.error, `${result.response.status} is not a problem`)
  assert.deepEqual(
    [result.response.status, result.error.status, result.error.code],
    [status, status, code]
  )
  return result.error
}

const owner_id = await step('register', async () => {
  const { data } = await anonymous.POST('/api/v1/auth/register', { body: credentials })
  assert.equal(data?.user.username, credentials.username)
  return data.user.id
})

const token = await step('login', async () => {
  const { data } = await anonymous.POST('/api/v1/auth/login', { body: credentials })
  assert.equal(data?.token_type, 'Bearer')
  return data.access_token
})

await step('createToken', async () => {
  const { data } = await anonymous.POST('/api/v1/auth/token', {
    body: { grant_type: 'password', ...credentials },
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' }
  })
  assert.equal(data?.user.username, credentials.username)
})

const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } })
const create = async (n: number): Promise<Task> => {
  const { data } = await client.POST('/api/v1/tasks', {
    body: draft(n),
    params: { header: { 'Idempotency-Key': `journey-${n}` } }
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
    const { data }: { data?: components['schemas']['TaskPage'] } = await client.GET(
      '/api/v1/tasks',
      {
        params: { query: { limit: 10, sort: 'created_at_asc', ...(cursor !== null && { cursor }) } }
      }
    )
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
  const { data } = await client.GET('/api/v1/tasks', {
    params: {
      query: {
        status: ['todo', 'in_progress'],
        due_after: '2030-01-05',
        due_before: '2030-01-14',
        sort: 'due_date_asc'
      }
    }
  })
  assert.deepEqual(
    data?.data.map(({ title }) => title),
    [4, 6, 7, 9, 10, 12, 13].map((n) => draft(n).title)
  )
})

await step('updateTask', async () => {
  const { data } = await client.PATCH('/api/v1/tasks/{task_id}', {
    params: { path: { task_id } },
    body: { due_date: null, priority: 'high' }
  })
  assert.deepEqual(
    [data?.due_date, data?.priority, data?.description, data?.tags, data?.version],
    [null, 'high', 'Stays as it is', ['journey'], 2]
  )
})

await step('updateTask stale', async () => {
  const result = await client.PATCH('/api/v1/tasks/{task_id}', {
    params: { path: { task_id }, header: { 'If-Match': '"1"' } },
    body: { title: 'Too late' }
  })
  const { current_version, changed_fields } = expectProblem(result, 412, 'stale_version')
  assert.equal(current_version, 2)
  assert.deepEqual(changed_fields?.toSorted(), ['due_date', 'priority'])
})

await step('deleteTask', async () => {
  const { response } = await client.DELETE('/api/v1/tasks/{task_id}', {
    params: { path: { task_id }, header: { 'If-Match': '"2"' } }
  })
  assert.equal(response.status, 204)
})

await step('getTask deleted', async () => {
  expectProblem(
    await client.GET('/api/v1/tasks/{task_id}', { params: { path: { task_id } } }),
    404,
    'not_found'
  )
})

await step('restoreTask', async () => {
  const { data } = await client.POST('/api/v1/tasks/{task_id}/restore', {
    params: { path: { task_id } }
  })
  assert.deepEqual([data?.id, data?.deleted_at], [task_id, null])
})

const import_id = await step('createTaskImport', async () => {
  // The generated type of a binary part is string; the serializer builds the form from it.
  const { data } = await client.POST('/api/v1/task-imports', {
    body: { file: readFileSync(csv, 'utf8') },
    bodySerializer({ file }) {
      const form = new FormData()
      form.append('file', new File([file], 'tasks.csv', { type: 'text/csv' }))
      return form
    }
  })
  assert.ok(data)
  return data.id
})

await step('getTaskImport', async () => {
  const { status, rows_total, rows_imported, rows_rejected } = await poll(async () => {
    const { data } = await client.GET('/api/v1/task-imports/{import_id}', {
      params: { path: { import_id } }
    })
    assert.ok(data)
    return data.status === 'queued' || data.status === 'running' ? undefined : data
  })
  assert.deepEqual([status, rows_total, rows_imported, rows_rejected], ['succeeded', 4, 3, 1])
  const { data } = await client.GET('/api/v1/tasks', { params: { query: { tag: ['imported'] } } })
  assert.equal(data?.data.length, 3)
})

await step('createTask invalid', async () => {
  const result = await client.POST('/api/v1/tasks', {
    body: { title: 'For nobody', assignee_id: '019f2f6e-7c1a-7ccc-8ccc-0123456789ab' }
  })
  const [error] = expectProblem(result, 400, 'invalid_request').errors ?? []
  assert.deepEqual([error?.in, error?.pointer], ['body', '/assignee_id'])
})

await step('getMe without token', async () => {
  expectProblem(await anonymous.GET('/api/v1/me'), 401, 'unauthenticated')
})

const { guest, guest_id } = await step('register guest', async () => {
  const { data } = await anonymous.POST('/api/v1/auth/register', { body: guestCredentials })
  assert.ok(data)
  const headers = { Authorization: `Bearer ${data.access_token}` }
  return { guest: createClient<paths>({ baseUrl: url, headers }), guest_id: data.user.id }
})

const project_id = await step('createProject', async () => {
  const { data } = await client.POST('/api/v1/projects', { body: { name: 'Shared' } })
  assert.equal(data?.role, 'owner')
  return data.id
})

await step('createProjectInvitation', async () => {
  const { username } = guestCredentials
  const { data } = await client.POST('/api/v1/projects/{project_id}/invitations', {
    params: { path: { project_id } },
    body: { username, role: 'editor' }
  })
  assert.equal(data?.username, username)
})

const invitation_id = await step('listMyInvitations', async () => {
  const { data } = await guest.GET('/api/v1/me/invitations')
  const [invitation] = data?.data ?? []
  assert.ok(invitation)
  assert.deepEqual([invitation.project_name, invitation.invited_by], ['Shared', owner_id])
  return invitation.id
})

await step('acceptInvitation', async () => {
  const { data } = await guest.POST('/api/v1/me/invitations/{invitation_id}/accept', {
    params: { path: { invitation_id } }
  })
  assert.deepEqual([data?.id, data?.role], [project_id, 'editor'])
})

const shared_id = await step('createTask in project', async () => {
  const { data } = await client.POST('/api/v1/tasks', {
    body: { title: 'Shared task', project_id, assignee_id: guest_id }
  })
  assert.deepEqual([data?.project_id, data?.assignee_id], [project_id, guest_id])
  return data?.id ?? ''
})
const params = { path: { task_id: shared_id } }

await step('createTaskComment', async () => {
  const { data } = await guest.POST('/api/v1/tasks/{task_id}/comments', {
    params,
    body: { body: 'On it' }
  })
  assert.deepEqual([data?.author_id, data?.body], [guest_id, 'On it'])
})

await step('updateTask by guest', async () => {
  const { data } = await guest.PATCH('/api/v1/tasks/{task_id}', {
    params,
    body: { status: 'done' }
  })
  assert.equal(data?.version, 2)
})

await step('listTasks of project', async () => {
  const { data } = await client.GET('/api/v1/tasks', {
    params: { query: { project_id: [project_id] } }
  })
  assert.deepEqual(
    data?.data.map(({ completed, comment_count }) => [completed, comment_count]),
    [[true, 1]]
  )
})
