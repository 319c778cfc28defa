import type { Request } from 'autocannon'
import { CALLERS, PASSWORD } from './data.ts'
import {
  type Caller,
  type DeepPage,
  findDeepPage,
  logInCallers,
  ownerId,
  readStableTasks
} from './fixtures.ts'
import type { Server } from './measure.ts'
import { createScript, getScript, listScript } from './pgbench.sql.ts'

const CONNECTIONS = 20
/** A user may have so many searches in progress; beyond, they are rejected and not measured. */
const SEARCH_CONNECTIONS = 4
/** Hashing of passwords takes a core each. */
const LOGIN_CONNECTIONS = 4

/** Builds the n-th request of a scenario. */
export type RequestFactory = (turn: number) => Request

/** The same operation on Tasklane and on the baseline. */
interface Operation {
  tasklane: RequestFactory
  baseline: RequestFactory
}

export interface Scenario {
  name: string
  connections: number
  tasklane: RequestFactory
  /** Absent where the baseline has nothing comparable. */
  baseline?: RequestFactory
  /** Reads what later requests need from a response. */
  onResponse?: (status: number, body: string) => void
  /** Reads again what the requests are built from: the end of a round cuts responses off. */
  refresh?: () => Promise<void>
  /** The same operation as a script for pgbench. */
  pgbench?: string
}

/** Logs in all callers and returns the scenarios in the order of the report. */
export async function prepareScenarios(server: Server, hasBigOwner: boolean): Promise<Scenario[]> {
  const callers = await logInCallers(server)
  const list = listTasks(callers, 'limit=20', '/list')
  const get = getTask(callers)
  const create = createTask(callers)
  const connections = CONNECTIONS
  return [
    { name: 'list', connections, ...list, pgbench: listScript },
    {
      name: 'filtered',
      connections,
      ...listTasks(callers, 'limit=20&status=todo&sort=due_date_asc', '/filtered')
    },
    {
      name: 'search',
      connections: SEARCH_CONNECTIONS,
      ...listTasks(callers, 'limit=20&q=bell', '/search', '&word=bell')
    },
    ...(hasBigOwner ? bigOwnerScenarios(await findDeepPage(server)) : []),
    { name: 'get', connections, ...get, pgbench: getScript(callers[0]?.tasks[0] as string) },
    { name: 'create', connections, ...create, pgbench: createScript },
    patchScenario(server, callers),
    { name: 'mixed 80/20', connections, ...mix(create, list, get) },
    { name: 'login', connections: LOGIN_CONNECTIONS, tasklane: logIn }
  ]
}

const pick = <T>(list: T[], turn: number): T => list[turn % list.length] as T

/** A caller, and one of its tasks. */
function pickTask(callers: Caller[], turn: number): { caller: Caller; id: string } {
  const caller = pick(callers, turn)
  return { caller, id: pick(caller.tasks, Math.floor(turn / callers.length)) }
}

const get = (path: string, token: string): Request => ({
  method: 'GET',
  path,
  headers: { authorization: `Bearer ${token}` }
})

const send = (
  method: 'POST' | 'PATCH',
  path: string,
  body: object,
  headers: Record<string, string> = {}
): Request => ({
  method,
  path,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers }
})

const listTasks = (
  callers: Caller[],
  query: string,
  baselinePath: string,
  baselineQuery = ''
): Operation => ({
  tasklane: (turn) => get(`/api/v1/tasks?${query}`, pick(callers, turn).token),
  baseline: (turn) => ({
    method: 'GET',
    path: `${baselinePath}?owner=${pick(callers, turn).id}${baselineQuery}`
  })
})

const getTask = (callers: Caller[]): Operation => ({
  tasklane: (turn) => {
    const { caller, id } = pickTask(callers, turn)
    return get(`/api/v1/tasks/${id}`, caller.token)
  },
  baseline: (turn) => {
    const { caller, id } = pickTask(callers, turn)
    return { method: 'GET', path: `/get?owner=${caller.id}&id=${id}` }
  }
})

const createTask = (callers: Caller[]): Operation => {
  const body = (turn: number) => ({ title: `Created in turn ${turn}` })
  return {
    tasklane: (turn) => {
      const authorization = `Bearer ${pick(callers, turn).token}`
      return send('POST', '/api/v1/tasks', body(turn), { authorization })
    },
    baseline: (turn) => send('POST', `/create?owner=${pick(callers, turn).id}`, body(turn))
  }
}

/** Of five requests, one creates a task, two list and two get. */
function mix(create: Operation, list: Operation, get: Operation): Operation {
  const operations = [create, list, list, get, get]
  return {
    tasklane: (turn) => pick(operations, turn).tasklane(turn),
    baseline: (turn) => pick(operations, turn).baseline(turn)
  }
}

const logIn: RequestFactory = (turn) =>
  send('POST', '/api/v1/auth/login', {
    username: `owner-${1 + (turn % CALLERS)}`,
    password: PASSWORD
  })

/** The first and a deep page of the owner with 200 000 tasks. */
function bigOwnerScenarios({ token, cursor, id, created_at }: DeepPage): Scenario[] {
  const owner = ownerId(0)
  return [
    {
      name: 'page 1 of 200k',
      connections: CONNECTIONS,
      tasklane: () => get('/api/v1/tasks?limit=20', token),
      baseline: () => ({ method: 'GET', path: `/list?owner=${owner}` })
    },
    {
      name: 'page 5001',
      connections: CONNECTIONS,
      tasklane: () => get(`/api/v1/tasks?limit=20&cursor=${cursor}`, token),
      baseline: () => ({
        method: 'GET',
        path: `/deep?owner=${owner}&id=${id}&created_at=${created_at}`
      })
    }
  ]
}

/** Updates with If-Match; remembers the version of each task from the responses. */
function patchScenario(server: Server, callers: Caller[]): Scenario {
  const versions = new Map<string, number>()
  // A title that the task already has would be no change.
  let titles = 0
  const body = () => ({ title: `Changed title ${++titles}` })
  return {
    name: 'patch',
    connections: CONNECTIONS,
    refresh: async () => {
      for (const { id, version } of await readStableTasks(server, callers)) {
        versions.set(id, version)
      }
    },
    onResponse: (status, text) => {
      if (status === 200) {
        const { id, version } = JSON.parse(text)
        versions.set(id, version)
      }
    },
    tasklane: (turn) => {
      const { caller, id } = pickTask(callers, turn)
      return send('PATCH', `/api/v1/tasks/${id}`, body(), {
        authorization: `Bearer ${caller.token}`,
        'if-match': `"${versions.get(id) ?? 1}"`
      })
    },
    baseline: (turn) => {
      const { caller, id } = pickTask(callers, turn)
      return send('PATCH', `/patch?owner=${caller.id}&id=${id}`, body())
    }
  }
}
