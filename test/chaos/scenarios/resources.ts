import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { requestText } from '../../support/raw-http.ts'
import type { ApiInstance } from '../environment.ts'
import type { Scenario, ScenarioContext } from '../scenario.ts'

const RECOVERY_MS = 2000
const TASKS = '/api/v1/tasks'
/** Longer than the lock timeout. */
const LOCK_MS = 3000
const STALL_MS = { least: 300, most: 3000 }
const SLOW_CALLERS = { short: 100, long: 1000 }
/** Calls queue while all slow callers connect at once, but no longer than the handler timeout. */
const OVERLOAD_MAX_MS = 10_000
const OVERLOAD_RECOVERY_MS = 5000
const OVERLOAD_DURATION_MS = 4000
const DRIP_MS = 500
/** Far more responses than fit into socket buffers. */
const PIPELINED = 300
const LISTED_TASKS = 100

/** Locks the table of tasks while each of the few connections waits for it. */
const poolExhausted: Scenario = {
  name: 'pool-exhausted',
  fault: `every connection of a pool of 2 waits ${LOCK_MS / 1000} s for a lock`,
  rounds: { short: 2, long: 100 },
  plan: { env: { DATABASE_POOL_SIZE: '2' } },
  async round({ postgres, randomDelay, waitForRecovery }) {
    await randomDelay()
    const { default: connectPostgres } = await import('postgres')
    const sql = connectPostgres(postgres.url, { max: 1, onnotice() {} })
    await sql.begin(async (tx) => {
      await tx`SET LOCAL lock_timeout = 0`
      await tx`LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE`
      await pause(LOCK_MS)
    })
    await sql.end()
    await waitForRecovery(RECOVERY_MS)
  }
}

/** Opens connections that send one byte at a time, and some that read no responses. Returns what closes them. */
function openSlowConnections(apis: ApiInstance[], token: string, size: number): () => void {
  const authorization = { Authorization: `Bearer ${token}`, Connection: 'keep-alive' }
  const slowHeaders = 'GET /health/live HTTP/1.1\r\nHost: tasklane.test\r\nX-Slow: '
  const slowBody = requestText(
    `POST ${TASKS}`,
    { ...authorization, 'Content-Type': 'application/json', 'Content-Length': '1000' },
    '{"title":"'
  )
  const pipelined = requestText(`GET ${TASKS}?limit=100`, authorization).repeat(PIPELINED)

  const sockets: Socket[] = []
  const open = (text: string): Socket => {
    const { port } = apis[sockets.length % apis.length] as ApiInstance
    const socket = connect({ host: '127.0.0.1', port }).on('error', () => {})
    socket.write(text)
    sockets.push(socket)
    return socket
  }
  const dripping: Socket[] = []
  for (let number = 0; number < size; number++) {
    dripping.push(open(slowHeaders), open(slowBody))
    if (number % 10 === 0) {
      open(pipelined).pause()
    }
  }
  const drip = setInterval(() => {
    for (const socket of dripping.filter(({ writable }) => writable)) {
      socket.write('a')
    }
  }, DRIP_MS)
  return () => {
    clearInterval(drip)
    for (const socket of sockets) {
      socket.destroy()
    }
  }
}

/** Signs up an account with a page of large tasks, and returns its token. */
async function signUpWithTasks({ signUpAccount }: ScenarioContext): Promise<string> {
  const { token, client: connectClient } = await signUpAccount()
  const client = connectClient()
  for (let number = 0; number < LISTED_TASKS; number++) {
    await client.send({
      method: 'POST',
      path: TASKS,
      body: { title: 'A large task', description: 'x'.repeat(1000) }
    })
  }
  client.close()
  return token
}

const slowCallers: Scenario = {
  name: 'slow-callers',
  fault:
    `${SLOW_CALLERS.long} callers with slow headers, as many with slow bodies, ` +
    `a tenth as many that read nothing (short form: ${SLOW_CALLERS.short})`,
  rounds: { short: 1, long: 20 },
  allows: { maxMs: OVERLOAD_MAX_MS },
  async round(context) {
    const token = await signUpWithTasks(context)
    const size = context.isLong ? SLOW_CALLERS.long : SLOW_CALLERS.short
    const closeAll = openSlowConnections(context.apis, token, size)
    try {
      await pause(OVERLOAD_DURATION_MS)
      // Other callers are served while the slow ones are still connected.
      await context.waitForRecovery(OVERLOAD_RECOVERY_MS)
    } finally {
      closeAll()
    }
    await context.waitForRecovery(RECOVERY_MS)
  }
}

const eventLoopStall: Scenario = {
  name: 'event-loop-stall',
  fault: `SIGSTOP to one API instance for ${STALL_MS.least / 1000} to ${STALL_MS.most / 1000} s`,
  rounds: { short: 3, long: 200 },
  async round({ apis, random, randomDelay, waitForRecovery }) {
    await randomDelay()
    const { service } = apis[Math.floor(random() * apis.length)] as ApiInstance
    service.kill('SIGSTOP')
    await pause(STALL_MS.least + random() * (STALL_MS.most - STALL_MS.least))
    service.kill('SIGCONT')
    await waitForRecovery(RECOVERY_MS)
  }
}

export const resources = [poolExhausted, slowCallers, eventLoopStall]
