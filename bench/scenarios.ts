import type { Request } from 'autocannon'
import type { Size } from './data.ts'
import {
  type Caller,
  callersOf,
  credentialsOf,
  type DeepPage,
  findDeepPage,
  ownerId
} from './fixtures.ts'
import type { Server } from './measure.ts'

const CONNECTIONS = 32
/** Hashing of passwords takes a core each. */
const LOGIN_CONNECTIONS = 4
/** Tasks of each caller that are read and changed. */
const MAX_TASKS = 100
/** A prime, so that neighbouring turns are of different callers and every caller has their turn. */
const STRIDE = 7919

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
}

/** Returns the scenarios in the order of the report, with requests of so many callers. */
export async function prepareScenarios(
  server: Server,
  size: Size,
  callerCount: number
): Promise<Scenario[]> {
  const callers = callersOf(callerCount, Math.min(size.tasksPerOwner, MAX_TASKS))
  const list = listTasks(callers, 'limit=20', '/list')
  const get = getTask(callers)
  const create = createTask(callers)
  const withAll = (name: string, operation: Operation): Scenario => ({
    name,
    connections: CONNECTIONS,
    ...operation
  })
  return [
    withAll('list', list),
    withAll('filtered', listTasks(callers, 'limit=20&status=todo&sort=due_date_asc', '/filtered')),
    withAll('search', listTasks(callers, 'limit=20&q=bell', '/search', '&word=bell')),
    ...(size.bigOwnerTasks > 0 ? bigOwnerScenarios(await findDeepPage(server)) : []),
    withAll('get', get),
    withAll('create', create),
    withAll('update', updateTask(callers)),
    withAll('mixed 80/20', mix(create, list, get)),
    { name: 'login', connections: LOGIN_CONNECTIONS, tasklane: logInOf(callers.length) }
  ]
}

const pick = <T>(list: T[], turn: number): T => list[(turn * STRIDE) % list.length] as T

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

/** Changes the title: of another task each time, to one that it does not have. */
function updateTask(callers: Caller[]): Operation {
  let titles = 0
  const body = () => ({ title: `Changed title ${++titles}` })
  return {
    tasklane: (turn) => {
      const { caller, id } = pickTask(callers, turn)
      const authorization = `Bearer ${caller.token}`
      return send('PATCH', `/api/v1/tasks/${id}`, body(), { authorization })
    },
    baseline: (turn) => {
      const { caller, id } = pickTask(callers, turn)
      return send('PATCH', `/patch?owner=${caller.id}&id=${id}`, body())
    }
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

const logInOf =
  (callers: number): RequestFactory =>
  (turn) =>
    send('POST', '/api/v1/auth/login', credentialsOf(1 + (turn % callers)))

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
