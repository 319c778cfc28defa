import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { startPostgres, withoutPostgres } from '../support/postgres-server.ts'

const SCENARIOS = fileURLToPath(new URL('driver.scenarios.ts', import.meta.url))
const CLOSED = 'CONNECTION_CLOSED'
const CRASH = "reading 'write'"
type Result = object | typeof CRASH

/** What each fault does with our patches and timeouts, and without one of them: the damage must be seen to happen. */
const faults: {
  title: string
  scenario: string
  patched: object
  without: string
  bare: Result
}[] = [
  {
    title:
      'a statement sent a while after its session has died fails; the bare driver ends the process',
    scenario: 'after a while',
    patched: { told: CLOSED, next: 'done' },
    without: 'patches timeouts',
    bare: CRASH
  },
  {
    title: 'a query whose session dies fails; the bare driver ends the process',
    scenario: 'while a query runs',
    patched: { told: CLOSED, next: 'done' },
    without: 'patches timeouts',
    bare: CRASH
  },
  {
    title:
      'code that ignores the failure of a dead transaction fails again; the bare driver ends the process',
    scenario: 'swallowed',
    patched: { told: CLOSED, second: CLOSED, next: 'done' },
    without: 'patches timeouts',
    bare: CRASH
  },
  {
    title:
      'dead transactions with statements longer than a packet cost no connection; the bare driver ends the process',
    scenario: 'again and again',
    patched: { told: [CLOSED, CLOSED, CLOSED, CLOSED, CLOSED], next: ['done', 'done', 'done'] },
    without: 'patches timeouts',
    bare: CRASH
  },
  {
    title:
      'a dead transaction does not end the one that came after it; without timeouts a committed row is lost',
    scenario: "somebody else's",
    patched: { told: CLOSED, neighbour: 'done', kept: 1 },
    without: 'timeouts',
    bare: { told: CLOSED, neighbour: 'done', kept: 0 }
  },
  {
    title:
      'a transaction that begins in a full pipeline keeps its connection; without patches it can lose it to others',
    scenario: 'crowded',
    patched: { odd: [] },
    without: 'patches',
    bare: { odd: ['UNSAFE_TRANSACTION'] }
  },
  {
    title:
      'a server that hangs up is retried with pauses and the caller gets an error; without patches neither',
    scenario: 'hangs up',
    patched: { told: 'CONNECT_CLOSED', dialsWithoutPause: false, next: 'done' },
    without: 'patches',
    bare: { told: 'nothing', dialsWithoutPause: true, next: 'done' }
  },
  {
    title:
      'a transaction cut off during a statement leaves a working connection; without patches it stays stuck',
    scenario: 'cut',
    patched: { told: CLOSED, numbers: ['done', 'done', 'done'] },
    without: 'patches',
    bare: { told: CLOSED, numbers: ['NOT_EXECUTED', 'waited too long', 'waited too long'] }
  },
  {
    title: 'a new session does not get the error of the old one; without patches it does',
    scenario: 'blamed',
    patched: { told: CLOSED, next: 'done' },
    without: 'patches',
    bare: { told: CLOSED, next: '57P01' }
  },
  {
    title:
      'an error after some rows leaves the next result whole; without patches it begins with as many holes',
    scenario: 'after some rows',
    patched: { told: '22012', next: [{ what: 'mine' }] },
    without: 'patches',
    bare: { told: '22012', next: [null, null, { what: 'mine' }] }
  },
  {
    title:
      'a connection to a server that has become read-only is replaced; without patches it is not',
    scenario: 'read-only',
    patched: { told: '25006', next: 'done' },
    without: 'patches',
    bare: { told: '25006', next: '25006' }
  },
  {
    title:
      'a queue of connections that is never empty stays short; without patches it grows with each statement',
    scenario: 'without a pause',
    patched: { grows: false, left: [1, 'other'] },
    without: 'patches',
    bare: { grows: true, left: [1, 'other'] }
  },
  {
    title: 'connections that have become silent are replaced; without patches the pool stays stuck',
    scenario: 'silent',
    patched: { told: ['NOT_EXECUTED', 'NOT_EXECUTED'], next: ['done', 'done'] },
    without: 'patches',
    bare: { told: ['NOT_EXECUTED', 'NOT_EXECUTED'], next: ['waited too long', 'waited too long'] }
  },
  {
    title:
      'a silent connection is given up however much is sent to it; without patches it is used again and again',
    scenario: 'silent to one caller after the other',
    patched: { next: 'done' },
    without: 'patches',
    bare: { next: 'NOT_EXECUTED' }
  },
  {
    title:
      'idle connections beside a silent one are replaced with it; without patches each costs a request',
    scenario: 'idle beside a silent one',
    patched: { told: 'NOT_EXECUTED', next: ['done', 'done', 'done'] },
    without: 'patches',
    bare: { told: 'NOT_EXECUTED', next: ['NOT_EXECUTED', 'NOT_EXECUTED', 'waited too long'] }
  }
]

const { url } = withoutPostgres ? { url: '' } : await startPostgres(t)
const runs = new Map<string, Promise<Record<string, unknown> | string>>()

/** Runs scenarios in a process of their own; returns what they saw, or what that process wrote when it failed. */
function run(without: string, ...scenarios: string[]): Promise<Record<string, unknown> | string> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [SCENARIOS, url, without, ...scenarios],
      { timeout: 100_000 },
      (error, stdout, stderr) => {
        resolve(error ? stderr : JSON.parse(stdout))
      }
    )
  })
}

/** Runs all faults of a kind in one process; only those that end the process need one each. */
function runOf(
  without: string,
  scenario: string,
  endsProcess: boolean
): Promise<Record<string, unknown> | string> {
  if (endsProcess) {
    return run(without, scenario)
  }
  const shared =
    runs.get(without) ??
    run(
      without,
      ...faults
        .filter((fault) => without === '' || (fault.without === without && fault.bare !== CRASH))
        .map((fault) => fault.scenario)
    )
  runs.set(without, shared)
  return shared
}

for (const { title, scenario, patched, without, bare } of faults) {
  t.test(title, { skip: withoutPostgres }, async (t) => {
    const ours = await runOf('', scenario, false)
    t.strictSame(typeof ours === 'string' ? ours : ours[scenario], patched)
    const control = await runOf(without, scenario, bare === CRASH)
    if (typeof bare === 'string') {
      t.match(control, bare)
    } else {
      t.strictSame(typeof control === 'string' ? control : control[scenario], bare)
    }
  })
}

t.test(
  'a statement sent at once on a session that has died fails',
  { skip: withoutPostgres },
  async (t) => {
    t.strictSame(await run('', 'at once'), { 'at once': { told: CLOSED, next: 'done' } })
  }
)

t.test(
  'a driver that was loaded before its patches is not used',
  { skip: withoutPostgres },
  async (t) => {
    t.match(await run('', 'loaded too early'), { 'loaded too early': { told: /loaded before/ } })
  }
)
