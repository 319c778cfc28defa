import { setTimeout as pause } from 'node:timers/promises'
import { childrenOf } from '../../support/processes.ts'
import type { Client } from '../client.ts'
import type { ApiInstance } from '../environment.ts'
import { countListening } from '../listening.ts'
import type { Scenario, ScenarioContext } from '../scenario.ts'

/** The time that orchestrators usually grant a shutdown. */
const SHUTDOWN_MS = 10_000
/** A deploy continues once the new instance is ready, so its start-up time is not critical. */
const READY_MS = 10_000
/** The balancer probes every half second: by then it sends callers to the instance again. */
const REBALANCE_MS = 700
const POLL_MS = 50
const CALLERS = 16
const TASKS = '/api/v1/tasks'

/** Creates callers that reuse their connections and never retry: every failure counts. */
function createCallers() {
  let isStopped = false
  let loops: Promise<void>[] = []
  const call = async (client: Client) => {
    for (let turn = 0; !isStopped; turn++) {
      await client.send(
        turn % 10 === 0
          ? { method: 'POST', path: TASKS, body: { title: 'Paint the door' } }
          : { path: `${TASKS}?limit=5` }
      )
    }
  }
  return {
    async start({ signUpAccount }: ScenarioContext) {
      const { client } = await signUpAccount()
      isStopped = false
      loops = Array.from({ length: CALLERS }, () => call(client()))
    },
    async stop() {
      isStopped = true
      await Promise.all(loops)
    }
  }
}

/** Restarts an instance, and checks that it shuts down cleanly and in time. */
async function restart(
  { service, port }: ApiInstance,
  { ledger, waitForRecovery }: ScenarioContext
): Promise<void> {
  const { code, ms } = await service.stop()
  ledger.recordShutdown(ms)
  if (code !== 0) {
    ledger.violation('a shutdown ends with code 0', `${service.name} ended with ${code}`)
  }
  if (ms > SHUTDOWN_MS) {
    ledger.violation(`shutdown within ${SHUTDOWN_MS / 1000} s`, `${Math.round(ms)} ms`)
  }
  service.start()
  await waitForRecovery(READY_MS, [{ service, port }])
}

function rollingRestart(): Scenario {
  const callers = createCallers()
  return {
    name: 'rolling-restart',
    fault: `SIGTERM and restart of one instance after the other, under ${CALLERS} callers without retries`,
    rounds: { short: 1, long: 25 },
    users: 2,
    allows: { unavailable: false },
    killsProcesses: true,
    prepare: callers.start,
    async round(context) {
      for (const api of context.apis) {
        await context.randomDelay()
        await restart(api, context)
        await pause(REBALANCE_MS)
      }
    },
    finish: callers.stop
  }
}

function reload(): Scenario {
  const callers = createCallers()
  return {
    name: 'reload',
    fault: 'SIGHUP to the primary of two processes, which replaces one after the other',
    rounds: { short: 1, long: 25 },
    plan: { instances: 1, processes: 2, env: { LOG_LEVEL: 'info' } },
    users: 2,
    allows: { unavailable: false },
    async prepare(context) {
      while (countListening(context.apis[0]) < 2) {
        await pause(POLL_MS)
      }
      await callers.start(context)
    },
    async round({ apis, randomDelay }) {
      await randomDelay()
      const [{ service }] = apis as [ApiInstance]
      const before = childrenOf(service.pid)
      service.kill('SIGHUP')
      const isReplaced = () => {
        const now = childrenOf(service.pid)
        return now.length >= before.length && !now.some((pid) => before.includes(pid))
      }
      while (!isReplaced()) {
        await pause(POLL_MS)
      }
    },
    finish: callers.stop
  }
}

export const deploy = [rollingRestart(), reload()]
