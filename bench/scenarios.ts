import { setTimeout as pause } from 'node:timers/promises'
import type { Request } from 'autocannon'
import { CALLERS, PASSWORD } from './data.ts'
import type { Server } from './measure.ts'

/** Rows to pass before the page that is called deep. */
const DEEP = 100_000
const PAGE = 100
/** Many more than are ever under way at once, so that no two changes meet on one task. */
const RING = 500
const SETTLING_MS = 200

interface Caller {
  id: string
  token: string
  tasks: string[]
}
interface Row {
  id: string
  version: number
  created_at: string
}
export interface Scenario {
  name: string
  connections: number
  /** The same question to Tasklane and to the baseline; without the latter there is nothing comparable. */
  api: (turn: number) => Request
  bare?: (turn: number) => Request
  /** What later requests must know of an answer. */
  onResponse?: (status: number, body: string) => void
  /** Brings up to date what the requests are made of: the end of a round cuts answers off. */
  refresh?: () => Promise<void>
  /** The same rows asked by pgbench. */
  sql?: string
}

const OWNER = (n: number | string) => `018f2f6e-7c1a-7000-8000-${n.toString(16).padStart(12, '0')}`
const RANDOM_OWNER = `\\set n random(1, ${CALLERS})\n`
const PGBENCH_OWNER = "('018f2f6e-7c1a-7000-8000-' || lpad(to_hex(:n::int), 12, '0'))::uuid"
const COLUMNS =
  "id, owner_id, assignee_id, title, description, status, priority, due_date, tags, status = 'done', completed_at, version, created_at, updated_at, deleted_at"

const json = { 'content-type': 'application/json' }
const of = <T>(list: T[], turn: number): T => list[turn % list.length] as T

/** Logs everybody in and finds what the scenarios ask for. */
export async function prepareScenarios(server: Server, hasBig: boolean): Promise<Scenario[]> {
  const callers: Caller[] = []
  for (let n = 1; n <= CALLERS; n++) {
    const token = await logIn(server, `owner-${n}`)
    callers.push({ id: OWNER(n), token, tasks: (await ringOf(server, token)).map(({ id }) => id) })
  }
  const deep = hasBig ? await deepPage(server) : undefined
  return scenarios(server, callers, deep)
}

function scenarios(server: Server, callers: Caller[], deep: Deep | undefined): Scenario[] {
  const get = (path: string, { token }: { token: string }): Request => ({
    method: 'GET',
    path,
    headers: { authorization: `Bearer ${token}` }
  })
  const send = (
    method: 'POST' | 'PATCH',
    path: string,
    body: object,
    headers: Record<string, string>
  ): Request => ({ method, path, body: JSON.stringify(body), headers: { ...json, ...headers } })
  const api = (query: string) => (turn: number) => get(`/api/v1/tasks?${query}`, of(callers, turn))
  const bare =
    (path: string, more = '') =>
    (turn: number): Request => ({
      method: 'GET',
      path: `${path}?owner=${of(callers, turn).id}${more}`
    })
  const task = (turn: number) => {
    const caller = of(callers, turn)
    return { caller, id: of(caller.tasks, Math.floor(turn / callers.length)) }
  }
  const getOne = {
    api: (turn: number) => {
      const { caller, id } = task(turn)
      return get(`/api/v1/tasks/${id}`, caller)
    },
    bare: (turn: number): Request => {
      const { caller, id } = task(turn)
      return { method: 'GET', path: `/get?owner=${caller.id}&id=${id}` }
    }
  }
  const create = {
    api: (turn: number) =>
      send(
        'POST',
        '/api/v1/tasks',
        { title: `Made by turn ${turn}` },
        { authorization: `Bearer ${of(callers, turn).token}` }
      ),
    bare: (turn: number) =>
      send('POST', `/create?owner=${of(callers, turn).id}`, { title: `Made by turn ${turn}` }, {})
  }
  const list = { api: api('limit=20'), bare: bare('/list') }
  const versions = new Map<string, number>()
  // Never one that the task has already: nothing would be written.
  let changes = 0
  const newTitle = () => `Changed as number ${++changes}`
  const mixed = (kind: 'api' | 'bare') => (turn: number) =>
    turn % 5 === 0 ? create[kind](turn) : turn % 5 < 3 ? list[kind](turn) : getOne[kind](turn)
  return [
    {
      name: 'list',
      connections: 20,
      ...list,
      sql: `${RANDOM_OWNER}select ${COLUMNS} from tasks where owner_id = ${PGBENCH_OWNER} and deleted_at is null order by created_at desc, id desc limit 21;`
    },
    {
      name: 'filtered',
      connections: 20,
      api: api('limit=20&status=todo&sort=due_date_asc'),
      bare: bare('/filtered')
    },
    {
      name: 'search',
      connections: 20,
      api: api('limit=20&q=bell'),
      bare: bare('/search', '&word=bell')
    },
    ...(deep
      ? [
          {
            name: 'page 1 of 200k',
            connections: 20,
            api: () => get('/api/v1/tasks?limit=20', deep),
            bare: (): Request => ({ method: 'GET', path: `/list?owner=${OWNER(0)}` })
          },
          {
            name: 'page 5001',
            connections: 20,
            api: () => get(`/api/v1/tasks?limit=20&cursor=${deep.cursor}`, deep),
            bare: (): Request => ({
              method: 'GET',
              path: `/deep?owner=${OWNER(0)}&id=${deep.id}&created_at=${deep.created_at}`
            })
          }
        ]
      : []),
    {
      name: 'get',
      connections: 20,
      ...getOne,
      sql: `${RANDOM_OWNER}select ${COLUMNS} from tasks where owner_id = ${PGBENCH_OWNER} and id = '${callers[0]?.tasks[0]}';`
    },
    {
      name: 'create',
      connections: 20,
      ...create,
      sql: `${RANDOM_OWNER}insert into tasks (owner_id, id, title, status, priority, tags) values (${PGBENCH_OWNER}, gen_random_uuid(), 'Made by pgbench', 'todo', 'medium', '{}');`
    },
    {
      name: 'patch',
      connections: 20,
      refresh: async () => {
        for (const { id, version } of await settled(server, callers)) {
          versions.set(id, version)
        }
      },
      onResponse: (status, body) => {
        if (status === 200) {
          const { id, version } = JSON.parse(body)
          versions.set(id, version)
        }
      },
      api: (turn) => {
        const { caller, id } = task(turn)
        return send(
          'PATCH',
          `/api/v1/tasks/${id}`,
          { title: newTitle() },
          { authorization: `Bearer ${caller.token}`, 'if-match': `"${versions.get(id) ?? 1}"` }
        )
      },
      bare: (turn) => {
        const { caller, id } = task(turn)
        return send('PATCH', `/patch?owner=${caller.id}&id=${id}`, { title: newTitle() }, {})
      }
    },
    { name: 'mixed 80/20', connections: 20, api: mixed('api'), bare: mixed('bare') },
    {
      name: 'login',
      connections: 4,
      api: (turn) =>
        send(
          'POST',
          '/api/v1/auth/login',
          { username: `owner-${1 + (turn % CALLERS)}`, password: PASSWORD },
          {}
        )
    }
  ]
}

/** The tasks when what the end of a round cut off has ended too: when two readings agree. */
async function settled(server: Server, callers: Caller[]): Promise<Row[]> {
  const read = async () =>
    (await Promise.all(callers.map(({ token }) => ringOf(server, token)))).flat()
  const sum = (rows: Row[]) => rows.reduce((total, { version }) => total + version, 0)
  let rows = await read()
  for (let before = -1; sum(rows) !== before; rows = await read()) {
    before = sum(rows)
    await pause(SETTLING_MS)
  }
  return rows
}

/** An owner's oldest tasks, which no run makes or takes away. */
async function ringOf(server: Server, token: string): Promise<Row[]> {
  const rows: Row[] = []
  for (let cursor = ''; rows.length < RING; ) {
    const page = await pageOf(server, token, `sort=created_at_asc${cursor}`)
    rows.push(...page.data)
    cursor = `&cursor=${page.pagination.next_cursor}`
  }
  return rows
}

async function pageOf(
  { origin }: Server,
  token: string,
  query: string
): Promise<{ data: Row[]; pagination: { next_cursor: string } }> {
  const answer = await fetch(`${origin}/api/v1/tasks?limit=${PAGE}&${query}`, {
    headers: { authorization: `Bearer ${token}` }
  })
  if (answer.status !== 200) {
    throw new Error(`could not list: ${await answer.text()}`)
  }
  return (await answer.json()) as { data: Row[]; pagination: { next_cursor: string } }
}

async function logIn({ origin }: Server, username: string): Promise<string> {
  const answer = await fetch(`${origin}/api/v1/auth/login`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ username, password: PASSWORD })
  })
  if (answer.status !== 200) {
    throw new Error(`could not log in: ${await answer.text()}`)
  }
  return ((await answer.json()) as { access_token: string }).access_token
}

interface Deep {
  token: string
  cursor: string
  id: string
  created_at: string
}

/** Walks to a far page as a client would: by cursor. */
async function deepPage(server: Server): Promise<Deep> {
  const token = await logIn(server, 'owner-0')
  let [cursor, last] = ['', undefined as Row | undefined]
  for (let passed = 0; passed < DEEP; passed += PAGE) {
    const { data, pagination } = await pageOf(server, token, cursor && `cursor=${cursor}`)
    cursor = pagination.next_cursor
    last = data.at(-1)
  }
  return { token, cursor, ...(last as Row) }
}
