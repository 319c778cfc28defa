import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { ownServer, type PostgresServer, withoutPostgres } from '../support/postgres-server.ts'

const SCENARIOS = fileURLToPath(new URL('driver.scenarios.ts', import.meta.url))
const CLOSED = 'CONNECTION_CLOSED'
type Result = { crash: string } | object

/** Each fault happens in a process of its own, once with our cures and once without some of them: what the cure prevents must be seen to happen. */
const faults: { title: string, scenario: string, cured: object, without: string[], bare: Result }[] = [
  {
    title: 'a statement sent at once on a session that has died is refused', scenario: 'at once',
    cured: { told: CLOSED, next: 'done' }, without: [], bare: { told: CLOSED, next: 'done' }
  },
  {
    title: 'a statement sent a while after its session has died is refused; the bare driver ends the process', scenario: 'after a while',
    cured: { told: CLOSED, next: 'done' }, without: ['driver-guard', 'deadlines'], bare: { crash: 'reading \'write\'' }
  },
  {
    title: 'a session that dies under a query refuses it; the bare driver ends the process', scenario: 'while a query runs',
    cured: { told: CLOSED, next: 'done' }, without: ['driver-guard', 'deadlines'], bare: { crash: 'reading \'write\'' }
  },
  {
    title: 'code that swallows the refusal of a dead transaction is refused again; the bare driver ends the process', scenario: 'swallowed',
    cured: { told: CLOSED, second: CLOSED, next: 'done' }, without: ['driver-guard', 'deadlines'], bare: { crash: 'reading \'write\'' }
  },
  {
    title: 'dead transactions with more to say than fits a packet cost no connection; the bare driver ends the process', scenario: 'again and again',
    cured: { told: [CLOSED, CLOSED, CLOSED, CLOSED, CLOSED], next: ['done', 'done', 'done'] }, without: ['driver-guard', 'deadlines'], bare: { crash: 'reading \'write\'' }
  },
  {
    title: 'a dead transaction does not end the one that came after it; without our bounds an acknowledged row is lost', scenario: 'somebody else\'s',
    cured: { told: CLOSED, neighbour: 'done', kept: 1 }, without: ['deadlines'], bare: { told: CLOSED, neighbour: 'done', kept: 0 }
  },
  {
    title: 'a server that hangs up is dialled with pauses and its caller told; without the guard neither', scenario: 'hangs up',
    cured: { told: 'CONNECT_CLOSED', dialsWithoutPause: false, next: 'done' }, without: ['driver-guard'], bare: { told: 'nothing', dialsWithoutPause: true, next: 'done' }
  },
  {
    title: 'a new session is not blamed for the death of the old one; without the guard it is', scenario: 'blamed',
    cured: { told: CLOSED, next: 'done' }, without: ['driver-guard'], bare: { told: CLOSED, next: '57P01' }
  },
  {
    title: 'a server that has turned read-only is left for a new connection; without the guard it is not', scenario: 'read-only',
    cured: { told: '25006', next: 'done' }, without: ['driver-guard'], bare: { told: '25006', next: '25006' }
  },
  {
    title: 'connections that have fallen silent are replaced; without the guard the pool stays stuck', scenario: 'silent',
    cured: { told: ['NOTHING_DONE', 'NOTHING_DONE'], next: ['done', 'done'] },
    without: ['driver-guard'], bare: { told: ['NOTHING_DONE', 'NOTHING_DONE'], next: ['waited too long', 'waited too long'] }
  }
]

const server = withoutPostgres ? undefined : await ownServer(t)
for (const { title, scenario, cured, without, bare } of faults) {
  t.test(title, { skip: withoutPostgres }, async (t) => {
    const { url } = server as PostgresServer
    const [ours, control] = await Promise.all([run(scenario, url, []), run(scenario, url, without)])
    t.strictSame(ours, cured)
    if ('crash' in bare) t.match(control, { crash: bare.crash })
    else t.strictSame(control, bare)
  })
}

/** What the scenario saw, or how its process ended. */
function run (scenario: string, url: string, without: string[]): Promise<unknown> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCENARIOS, scenario, url, ...without], { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve(error ? { crash: stderr } : JSON.parse(stdout))
    })
  })
}
