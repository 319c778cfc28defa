import { setTimeout as pause } from 'node:timers/promises'
import { CALLERS, PASSWORD } from './data.ts'
import type { Server } from './measure.ts'

/** Rows before the deep page. */
const DEEP_OFFSET = 100_000
const PAGE_SIZE = 100
/** Tasks per owner for reads and updates: far more than concurrent requests, so that updates do not conflict. */
const TASK_POOL = 500
const STABLE_MS = 200

export interface Caller {
  id: string
  token: string
  tasks: string[]
}
export interface TaskVersion {
  id: string
  version: number
  created_at: string
}
/** A page far down the big owner's list: by cursor for the API, by keyset for the baseline. */
export interface DeepPage {
  token: string
  cursor: string
  id: string
  created_at: string
}
interface TaskPage {
  data: TaskVersion[]
  pagination: { next_cursor: string }
}

/** The id of the n-th owner, as in data.sql.ts. */
export const ownerId = (n: number): string =>
  `018f2f6e-7c1a-7000-8000-${n.toString(16).padStart(12, '0')}`

/** Logs in every caller and looks up its tasks. */
export async function logInCallers(server: Server): Promise<Caller[]> {
  const callers: Caller[] = []
  for (let n = 1; n <= CALLERS; n++) {
    const token = await logIn(server, `owner-${n}`)
    const tasks = await readTaskPool(server, token)
    callers.push({ id: ownerId(n), token, tasks: tasks.map(({ id }) => id) })
  }
  return callers
}

/** Reads the callers' tasks once two readings agree: the end of a round leaves requests running. */
export async function readStableTasks(server: Server, callers: Caller[]): Promise<TaskVersion[]> {
  const read = async () =>
    (await Promise.all(callers.map(({ token }) => readTaskPool(server, token)))).flat()
  const sumOf = (tasks: TaskVersion[]) => tasks.reduce((sum, { version }) => sum + version, 0)
  let tasks = await read()
  for (let previous = -1; sumOf(tasks) !== previous; tasks = await read()) {
    previous = sumOf(tasks)
    await pause(STABLE_MS)
  }
  return tasks
}

/** Walks to a page far down the big owner's list, by cursor. */
export async function findDeepPage(server: Server): Promise<DeepPage> {
  const token = await logIn(server, 'owner-0')
  let cursor = ''
  let last: TaskVersion | undefined
  for (let passed = 0; passed < DEEP_OFFSET; passed += PAGE_SIZE) {
    const { data, pagination } = await readPage(server, token, cursor && `cursor=${cursor}`)
    cursor = pagination.next_cursor
    last = data.at(-1)
  }
  return { token, cursor, ...(last as TaskVersion) }
}

/** Reads an owner's oldest tasks, which no run creates or deletes. */
async function readTaskPool(server: Server, token: string): Promise<TaskVersion[]> {
  const tasks: TaskVersion[] = []
  for (let cursor = ''; tasks.length < TASK_POOL; ) {
    const page = await readPage(server, token, `sort=created_at_asc${cursor}`)
    tasks.push(...page.data)
    cursor = `&cursor=${page.pagination.next_cursor}`
  }
  return tasks
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

async function logIn({ origin }: Server, username: string): Promise<string> {
  const response = await fetch(`${origin}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: PASSWORD })
  })
  if (response.status !== 200) {
    throw new Error(`could not log in: ${await response.text()}`)
  }
  return ((await response.json()) as { access_token: string }).access_token
}
