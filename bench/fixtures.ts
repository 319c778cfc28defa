import { createHash, createHmac } from 'node:crypto'
import { PASSWORD } from './data.ts'
import type { Server } from './measure.ts'

/** Rows before the deep page. */
const DEEP_OFFSET = 100_000
const PAGE_SIZE = 100
const TOKEN_SECONDS = 86_400
/** What signs the tokens of the callers. */
export const JWT_SECRET = 'a secret for one benchmark, 32 bytes'

export interface Caller {
  id: string
  token: string
  tasks: string[]
}

/** A page far down the big owner's list: by cursor for the API, by keyset for the baseline. */
export interface DeepPage {
  token: string
  cursor: string
  id: string
  created_at: string
}
interface TaskPage {
  data: { id: string; created_at: string }[]
  pagination: { next_cursor: string }
}

/** The id of the n-th owner, and of their session, as in data.sql.ts. */
export const ownerId = (n: number): string =>
  `018f2f6e-7c1a-7000-8000-${n.toString(16).padStart(12, '0')}`

/** The id of an owner's n-th task, as in data.sql.ts. */
function taskId(n: number, owner: number): string {
  const digest = createHash('md5').update(`${n} ${owner}`).digest('hex')
  const time = (1_750_000_000_000 + n * 1000 + owner).toString(16).padStart(12, '0')
  const end = digest.slice(0, 12)
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${end}`
}

/** Returns owners with a token each and some of their tasks, from the first owner on. */
export const callersOf = (count: number, tasksPerOwner: number): Caller[] =>
  Array.from({ length: count }, (_, i) => ({
    id: ownerId(i + 1),
    token: tokenOf(i + 1),
    tasks: Array.from({ length: tasksPerOwner }, (_, n) => taskId(n + 1, i + 1))
  }))

/** Signs an access token for the session of the n-th owner: a thousand log-ins would take a minute. */
function tokenOf(n: number): string {
  const id = ownerId(n)
  const iat = Math.floor(Date.now() / 1000)
  const claims = {
    ...{ sub: id, sid: id, jti: id, role: 'user', iss: 'tasklane', aud: 'tasklane-api' },
    ...{ iat, exp: iat + TOKEN_SECONDS }
  }
  const text = [{ alg: 'HS256', typ: 'at+jwt' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${text}.${createHmac('sha256', JWT_SECRET).update(text).digest('base64url')}`
}

/** Walks to a page far down the big owner's list, by cursor. */
export async function findDeepPage(server: Server): Promise<DeepPage> {
  const token = tokenOf(0)
  let cursor = ''
  let last: TaskPage['data'][number] | undefined
  for (let passed = 0; passed < DEEP_OFFSET; passed += PAGE_SIZE) {
    const { data, pagination } = await readPage(server, token, cursor && `cursor=${cursor}`)
    cursor = pagination.next_cursor
    last = data.at(-1)
  }
  const { id, created_at } = last as TaskPage['data'][number]
  return { token, cursor, id, created_at }
}

async function readPage({ origin }: Server, token: string, query: string): Promise<TaskPage> {
  const response = await fetch(`${origin}/api/v1/tasks?limit=${PAGE_SIZE}&${query}`, {
    headers: { authorization: `Bearer ${token}` }
  })
  if (response.status !== 200) {
    throw new Error(`could not list tasks: ${await response.text()}`)
  }
  return (await response.json()) as TaskPage
}

/** The body of a log-in of the n-th owner. */
export const credentialsOf = (n: number) => ({ username: `owner-${n}`, password: PASSWORD })
