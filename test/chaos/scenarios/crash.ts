import { setTimeout as pause } from 'node:timers/promises'
import { childrenOf } from '../../support/processes.ts'
import type { ApiInstance } from '../environment.ts'
import { ROWS, uploadImport, waitForRows, waitForSuccess } from '../imports.ts'
import { countListening } from '../listening.ts'
import type { Scenario } from '../scenario.ts'

/** From the death of a process until its replacement serves. */
const RECOVERY_MS = 3000
const POLL_MS = 50
/** A dead worker's import is taken over after 10 s (LEASE_SECONDS) and then completed. */
const IMPORT_MS = 15_000
const WORKER_KILLS = 2

const pick = <T>(list: T[], random: () => number): T =>
  list[Math.floor(random() * list.length)] as T

const apiKilled: Scenario = {
  name: 'api-killed',
  fault: 'kill -9 of one of two API instances, at a random moment',
  rounds: { short: 12, long: 850 },
  // Few enough to leave the restarting process a core of its own on a machine with two.
  users: 4,
  allows: { connectionErrors: true },
  killsProcesses: true,
  async round({ apis, random, randomDelay, waitForRecovery }) {
    await randomDelay()
    const victim = pick(apis, random)
    victim.service.kill('SIGKILL')
    await waitForRecovery(RECOVERY_MS, [victim])
  }
}

const childKilled: Scenario = {
  name: 'child-killed',
  fault: 'kill -9 of one of two processes under WEB_CONCURRENCY=2',
  rounds: { short: 6, long: 100 },
  // At level info, each process logs when it listens.
  plan: { instances: 1, processes: 2, env: { LOG_LEVEL: 'info' } },
  allows: { connectionErrors: true },
  killsProcesses: true,
  prepare: async ({ apis: [api] }) => {
    while (countListening(api) < 2) {
      await pause(POLL_MS)
    }
  },
  async round({ apis, ledger, random, randomDelay }) {
    await randomDelay()
    const [api] = apis as [ApiInstance]
    const before = countListening(api)
    process.kill(pick(childrenOf(api.service.pid), random), 'SIGKILL')
    const killedAt = performance.now()
    while (countListening(api) === before) {
      await pause(POLL_MS)
    }
    ledger.recordRecovery(performance.now() - killedAt, RECOVERY_MS)
    if (api.service.exits.length > 0) {
      ledger.violation('the primary process outlives its workers', api.service.exits.join(', '))
    }
  }
}

const workerKilled: Scenario = {
  name: 'worker-killed',
  fault: `kill -9 of the worker, ${WORKER_KILLS} times during an import of ${ROWS} rows`,
  rounds: { short: 2, long: 30 },
  killsProcesses: true,
  async round(context) {
    const client = await context.signUpClient()
    const id = await uploadImport(client, context)
    let row = 0
    for (let kill = 0; kill < WORKER_KILLS; kill++) {
      row += context.random() * (ROWS - row)
      await waitForRows(client, id, row)
      context.worker.kill('SIGKILL')
    }
    await waitForSuccess(client, id, context.ledger, IMPORT_MS)
  }
}

export const crash = [apiKilled, childKilled, workerKilled]
