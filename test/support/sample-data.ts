import type { TaskCreate } from '../../src/features/tasks/schema.ts'
import { call, type Server } from './command.ts'
import { PASSWORD, SECRET } from './test-app.ts'
import { waitUntil } from './wait-until.ts'

/** What every server needs to accept the tokens of another one. */
export const SAMPLE_ENV = { JWT_SECRET: SECRET, DRAIN_SECONDS: '0' }

const TASKS: TaskCreate[] = [
  {
    title: 'Paint the door',
    description: 'Türkis, 油漆, 🚪 — "twice"\\ \n\tand dry',
    tags: ['house', "it's", '{a,b}'],
    priority: 'high',
    due_date: '2031-02-28T23:59:59.999Z'
  },
  { title: 'null', description: '\\N', tags: [], due_date: '0001-01-01T00:00:00.000Z' },
  { title: 'Oil the hinges', tags: ['house'], status: 'done' },
  { title: 'Left for later' },
  { title: 'Thrown away' }
]
const CSV = 'title,status\nMow the lawn,todo\nFeed the cat,whenever\n'

export type SampleData = Awaited<ReturnType<typeof populate>>

/** Uses every feature of a running server once. Its snapshot must be the same wherever its database is moved. */
export async function populate({ url }: Pick<Server, 'url'>) {
  const api = `${url}/api/v1`
  const [ann, bob] = [await signUp(api, 'ann'), await signUp(api, 'bob')]
  const ids: string[] = []
  for (const task of TASKS) {
    ids.push((await createOnce(api, ann, task)).body.id)
  }
  await call(`${api}/tasks/${ids[2]}`, {
    method: 'PATCH',
    token: ann,
    body: {
      title: 'Oil all hinges of Größe M',
      assignee_id: (await call(`${api}/me`, { token: bob })).body.id
    }
  })
  await call(`${api}/tasks/${ids[2]}/comments`, {
    method: 'POST',
    token: bob,
    body: { body: 'Größe M, @ann?\n\t— "{now}" 🚪' }
  })
  await call(`${api}/tasks/${ids[4]}`, { method: 'DELETE', token: ann })
  const key = await createReadingKey(api, ann)
  await call(`${api}/admin/ip-bans`, {
    method: 'POST',
    token: ann,
    body: { address: '203.0.113.9', reason: 'by hand' }
  })
  await call(`${api}/auth/login`, {
    method: 'POST',
    body: { username: 'bob', password: 'not his password' }
  })
  const importId = await importFile(api, ann)
  const requests: ReadRequest[] = [
    ...READ_BY_ANN,
    `tasks/${ids[2]}/events`,
    `tasks/${ids[2]}/comments`,
    `task-imports/${importId}/errors`
  ].map((path) => [path, ann])
  requests.push(['tasks', bob], ['tasks?limit=3', key])
  return {
    /** What a server returns, except for when a key was last used: reading changes it. */
    snapshot: (server: Pick<Server, 'url'>) => snapshotOf(`${server.url}/api/v1`, requests),
    /** Whether users can still log in and work; changes the snapshot. */
    stillWorks: (server: Pick<Server, 'url'>) => stillWorks(`${server.url}/api/v1`, ann, ids[0])
  }
}

type ReadRequest = [path: string, token: string]
const READ_BY_ANN = [
  'tasks?limit=100',
  'tasks?sort=title_asc',
  'tasks?q=door',
  'tasks?tag=house',
  'tasks?deleted=only',
  'tasks?include_total=true&limit=2',
  'task-stats',
  'task-imports',
  'me/api-keys',
  'admin/users',
  'admin/ip-bans',
  'admin/audit-log?limit=100'
]

async function signUp(api: string, username: string): Promise<string> {
  const { body } = await call(`${api}/auth/register`, {
    method: 'POST',
    body: { username, email: `${username}@example.com`, password: PASSWORD }
  })
  return body.access_token
}

const createOnce = (api: string, token: string, task: TaskCreate) =>
  call(`${api}/tasks`, {
    method: 'POST',
    token,
    body: task,
    headers: { 'idempotency-key': `make ${task.title}` }
  })

async function createReadingKey(api: string, token: string): Promise<string> {
  const { body } = await call(`${api}/me/api-keys`, {
    method: 'POST',
    token,
    body: {
      name: 'reader',
      scopes: ['tasks:read'],
      expires_at: new Date(Date.now() + 86_400_000).toISOString()
    }
  })
  return body.key
}

async function importFile(api: string, token: string): Promise<string> {
  const form = new FormData()
  form.set('file', new File([CSV], 'garden.csv', { type: 'text/csv' }))
  const response = await fetch(`${api}/task-imports`, {
    method: 'POST',
    body: form,
    headers: { authorization: `Bearer ${token}`, connection: 'close' }
  })
  const { id } = (await response.json()) as { id: string }
  await waitUntil(
    'the end of the import',
    async () => (await call(`${api}/task-imports/${id}`, { token })).body.status === 'succeeded'
  )
  return id
}

const snapshotOf = async (api: string, requests: ReadRequest[]) =>
  Promise.all(
    requests.map(async ([path, token]) => {
      const { status, body } = await call(`${api}/${path}`, { token })
      const withoutLastUse = JSON.stringify(body, (key, value) =>
        key === 'last_used_at' ? undefined : value
      )
      return { path, status, body: JSON.parse(withoutLastUse) }
    })
  )

async function stillWorks(api: string, ann: string, firstId: string | undefined): Promise<boolean> {
  const { status, body } = await call(`${api}/auth/login`, {
    method: 'POST',
    body: { username: 'bob', password: PASSWORD }
  })
  const created = await call(`${api}/tasks`, {
    method: 'POST',
    token: body.access_token,
    body: { title: 'Life goes on' }
  })
  const repeated = await createOnce(api, ann, TASKS[0] as TaskCreate)
  return (
    status === 200 &&
    created.status === 201 &&
    repeated.status === 201 &&
    repeated.body.id === firstId
  )
}
