import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { startPostgres, withoutPostgres } from '../support/postgres-server.ts'

const SCENARIOS = fileURLToPath(new URL('driver.scenarios.ts', import.meta.url))
const CLOSED = 'CONNECTION_CLOSED'
const CRASH = "reading 'write'"
type Result = object | typeof CRASH

/** What each fault does with our cures, and what it does without some of them: what a cure prevents must be seen to happen. */
const faults: { title: string; scenario: string; cured: object; without: string; bare: Result }[] =
  [
    {
      title:
        'a statement sent a while after its session has died is refused; the bare driver ends the process',
      scenario: 'after a while',
      cured: { told: CLOSED, next: 'done' },
      without: 'patches timeouts',
      bare: CRASH
    },
    {
      title: 'a session that dies under a query refuses it; the bare driver ends the process',
      scenario: 'while a query runs',
      cured: { told: CLOSED, next: 'done' },
      without: 'patches timeouts',
      bare: CRASH
    },
    {
      title:
        'code that swallows the refusal of a dead transaction is refused again; the bare driver ends the process',
      scenario: 'swallowed',
      cured: { told: CLOSED, second: CLOSED, next: 'done' },
      without: 'patches timeouts',
      bare: CRASH
    },
    {
      title:
        'dead transactions with more to say than fits a packet cost no connection; the bare driver ends the process',
      scenario: 'again and again',
      cured: { told: [CLOSED, CLOSED, CLOSED, CLOSED, CLOSED], next: ['done', 'done', 'done'] },
      without: 'patches timeouts',
      bare: CRASH
    },
    {
      title:
        'a dead transaction does not end the one that came after it; without our bounds an acknowledged row is lost',
      scenario: "somebody else's",
      cured: { told: CLOSED, neighbour: 'done', kept: 1 },
      without: 'timeouts',
      bare: { told: CLOSED, neighbour: 'done', kept: 0 }
    },
    {
      title:
        'a transaction that begins in a crowded pipe keeps its connection; without the guard it can lose it to others',
      scenario: 'crowded',
      cured: { odd: [] },
      without: 'patches',
      bare: { odd: ['UNSAFE_TRANSACTION'] }
    },
    {
      title:
        'a server that hangs up is dialled with pauses and its caller told; without the guard neither',
      scenario: 'hangs up',
      cured: { told: 'CONNECT_CLOSED', dialsWithoutPause: false, next: 'done' },
      without: 'patches',
      bare: { told: 'nothing', dialsWithoutPause: true, next: 'done' }
    },
    {
      title:
        'a transaction that is cut off under a statement leaves a connection that works; without the guard it stays stuck',
      scenario: 'cut',
      cured: { told: CLOSED, numbers: ['done', 'done', 'done'] },
      without: 'patches',
      bare: { told: CLOSED, numbers: ['NOT_EXECUTED', 'waited too long', 'waited too long'] }
    },
    {
      title: 'a new session is not blamed for the death of the old one; without the guard it is',
      scenario: 'blamed',
      cured: { told: CLOSED, next: 'done' },
      without: 'patches',
      bare: { told: CLOSED, next: '57P01' }
    },
    {
      title:
        'an error after some rows leaves the next result whole; without the guard it begins with as many holes',
      scenario: 'after some rows',
      cured: { told: '22012', next: [{ what: 'mine' }] },
      without: 'patches',
      bare: { told: '22012', next: [null, null, { what: 'mine' }] }
    },
    {
      title:
        'a server that has turned read-only is left for a new connection; without the guard it is not',
      scenario: 'read-only',
      cured: { told: '25006', next: 'done' },
      without: 'patches',
      bare: { told: '25006', next: '25006' }
    },
    {
      title:
        'connections that have fallen silent are replaced; without the guard the pool stays stuck',
      scenario: 'silent',
      cured: { told: ['NOT_EXECUTED', 'NOT_EXECUTED'], next: ['done', 'done'] },
      without: 'patches',
      bare: { told: ['NOT_EXECUTED', 'NOT_EXECUTED'], next: ['waited too long', 'waited too long'] }
    },
    {
      title:
        'a silent connection is given up however much is sent to it meanwhile; without the guard it is asked again and again',
      scenario: 'silent to one caller after the other',
      cured: { next: 'done' },
      without: 'patches',
      bare: { next: 'NOT_EXECUTED' }
    },
    {
      title:
        'connections that lay idle while another fell silent are replaced with it; without the guard each costs a caller',
      scenario: 'idle beside a silent one',
      cured: { told: 'NOT_EXECUTED', next: ['done', 'done', 'done'] },
      without: 'patches',
      bare: { told: 'NOT_EXECUTED', next: ['NOT_EXECUTED', 'NOT_EXECUTED', 'waited too long'] }
    }
  ]

const { url } = withoutPostgres ? { url: '' } : await startPostgres(t)
const runs = new Map<string, Promise<Record<string, unknown> | string>>()

/** What the scenarios saw in a process of their own, or the last words of that process. */
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

/** One process lives through all faults of its kind; only those that end it need one each. */
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

for (const { title, scenario, cured, without, bare } of faults) {
  t.test(title, { skip: withoutPostgres }, async (t) => {
    const ours = await runOf('', scenario, false)
    t.strictSame(typeof ours === 'string' ? ours : ours[scenario], cured)
    const control = await runOf(without, scenario, bare === CRASH)
    if (typeof bare === 'string') {
      t.match(control, bare)
    } else {
      t.strictSame(typeof control === 'string' ? control : control[scenario], bare)
    }
  })
}

t.test(
  'a statement sent at once on a session that has died is refused',
  { skip: withoutPostgres },
  async (t) => {
    t.strictSame(await run('', 'at once'), { 'at once': { told: CLOSED, next: 'done' } })
  }
)

t.test(
  'a driver that was loaded before its guard is not used',
  { skip: withoutPostgres },
  async (t) => {
    t.match(await run('', 'loaded too early'), { 'loaded too early': { told: /loaded before/ } })
  }
)
