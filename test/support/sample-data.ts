import type { TaskCreate } from '../../src/features/tasks/schema.ts'
import { call, type Server } from './command.ts'
import { PASSWORD, SECRET } from './test-app.ts'
import { waitUntil } from './wait-until.ts'

/** What every server must be told to believe the tokens of another one. */
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

/** Uses every feature of a running server once. What it returns must be the same wherever its database is moved. */
export async function populate({ url }: Pick<Server, 'url'>) {
  const api = `${url}/api/v1`
  const signUp = async (username: string): Promise<string> =>
    (
      await call(`${api}/auth/register`, {
        method: 'POST',
        body: { username, email: `${username}@example.com`, password: PASSWORD }
      })
    ).body.access_token
  const [ann, bob] = [await signUp('ann'), await signUp('bob')]
  const bobId = (await call(`${api}/me`, { token: bob })).body.id
  const ids: string[] = []
  for (const task of TASKS) {
    ids.push(
      (
        await call(`${api}/tasks`, {
          method: 'POST',
          token: ann,
          body: task,
          headers: { 'idempotency-key': `make ${task.title}` }
        })
      ).body.id
    )
  }
  await call(`${api}/tasks/${ids[2]}`, {
    method: 'PATCH',
    token: ann,
    body: { title: 'Oil all hinges', assignee_id: bobId }
  })
  await call(`${api}/tasks/${ids[4]}`, { method: 'DELETE', token: ann })
  const { key } = (
    await call(`${api}/me/api-keys`, {
      method: 'POST',
      token: ann,
      body: {
        name: 'reader',
        scopes: ['tasks:read'],
        expires_at: new Date(Date.now() + 86_400_000).toISOString()
      }
    })
  ).body
  await call(`${api}/admin/ip-bans`, {
    method: 'POST',
    token: ann,
    body: { address: '203.0.113.9', reason: 'by hand' }
  })
  await call(`${api}/auth/login`, {
    method: 'POST',
    body: { username: 'bob', password: 'not his password' }
  })
  const form = new FormData()
  form.set('file', new File([CSV], 'garden.csv', { type: 'text/csv' }))
  const { id: importId } = (await (
    await fetch(`${api}/task-imports`, {
      method: 'POST',
      body: form,
      headers: { authorization: `Bearer ${ann}`, connection: 'close' }
    })
  ).json()) as { id: string }
  await waitUntil(
    'the end of the import',
    async () =>
      (await call(`${api}/task-imports/${importId}`, { token: ann })).body.status === 'succeeded'
  )

  const asked: [path: string, token: string][] = [
    ...[
      'tasks?limit=100',
      'tasks?sort=title_asc',
      'tasks?q=door',
      'tasks?tag=house',
      'tasks?deleted=only',
      'tasks?include_total=true&limit=2',
      'task-stats',
      `tasks/${ids[2]}/events`,
      'task-imports',
      `task-imports/${importId}/errors`,
      'me/api-keys',
      'admin/users',
      'admin/ip-bans',
      'admin/audit-log?limit=100'
    ].map((path): [string, string] => [path, ann]),
    ['tasks', bob],
    ['tasks?limit=3', key]
  ]
  /** What a server says, the moment when a key was last used apart: asking moves it on. */
  const snapshot = async ({ url }: Pick<Server, 'url'>) =>
    Promise.all(
      asked.map(async ([path, token]) => {
        const { status, body } = await call(`${url}/api/v1/${path}`, { token })
        return {
          path,
          status,
          body: JSON.parse(
            JSON.stringify(body, (key, value) => (key === 'last_used_at' ? undefined : value))
          )
        }
      })
    )
  /** Whether somebody can still sign in and go on; changes what is told. */
  const goesOn = async ({ url }: Pick<Server, 'url'>): Promise<boolean> => {
    const { status, body } = await call(`${url}/api/v1/auth/login`, {
      method: 'POST',
      body: { username: 'bob', password: PASSWORD }
    })
    const made = await call(`${url}/api/v1/tasks`, {
      method: 'POST',
      token: body.access_token,
      body: { title: 'Life goes on' }
    })
    const again = await call(`${url}/api/v1/tasks`, {
      method: 'POST',
      token: ann,
      body: TASKS[0] as TaskCreate,
      headers: { 'idempotency-key': `make ${TASKS[0]?.title}` }
    })
    return status === 200 && made.status === 201 && again.status === 201 && again.body.id === ids[0]
  }
  return { snapshot, goesOn }
}
