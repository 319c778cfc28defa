import { injectRandomFault } from '../faults.ts'
import { ROWS, uploadImport, waitForRows, waitForSuccess } from '../imports.ts'
import type { Scenario } from '../scenario.ts'

/** A dead worker's import is taken over after 10 s (LEASE_SECONDS) and then completed. */
const IMPORT_MS = 15_000
const FAULTS = 3
/** Longer than elsewhere: the embedded database is compiled, recovers, and shares one core. */
const EMBEDDED_RECOVERY_MS = 6000

const underFaults: Scenario = {
  name: 'import-under-faults',
  fault: `${FAULTS} random faults during an import of ${ROWS} rows`,
  rounds: { short: 1, long: 100 },
  users: 3,
  allows: { connectionErrors: true },
  killsProcesses: true,
  async round(context) {
    const client = await context.signUpClient()
    const id = await uploadImport(client, context)
    for (let fault = 0, row = 0; fault < FAULTS; fault++) {
      row += context.random() * (ROWS - row)
      const { finished_at } = await waitForRows(client, id, row)
      if (finished_at !== null) {
        break
      }
      await injectRandomFault(context)
    }
    await waitForSuccess(client, id, context.ledger, IMPORT_MS)
  }
}

/** Its import continues without waiting for the lease: no other process can have taken it. */
const embeddedKilled: Scenario = {
  name: 'embedded-killed',
  fault: 'kill -9 of a server on the embedded database, during writes and an import',
  rounds: { short: 2, long: 200 },
  users: 3,
  plan: { embedded: true, instances: 1 },
  allows: { connectionErrors: true },
  killsProcesses: true,
  async round(context) {
    const client = await context.signUpClient()
    const id = await uploadImport(client, context)
    await waitForRows(client, id, context.random() * ROWS)
    context.worker.kill('SIGKILL')
    await context.waitForRecovery(EMBEDDED_RECOVERY_MS)
    await waitForSuccess(client, id, context.ledger, IMPORT_MS)
  }
}

export const imports = [underFaults, embeddedKilled]
