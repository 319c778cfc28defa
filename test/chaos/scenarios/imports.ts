import { someFault } from '../faults.ts'
import { importEnded, importReached, ROWS, upload } from '../imports.ts'
import type { Scenario } from '../scenario.ts'

/** A dead worker's import is taken over after 10 s (LEASE_SECONDS); then it is brought in. */
const IMPORTED_MS = 15_000
const FAULTS = 3
/** A database that is opened in WebAssembly, recovers and has one core with everybody else. */
const EMBEDDED_BACK_MS = 6000

const under: Scenario = {
  name: 'import-under-faults',
  fault: `${FAULTS} faults of any kind during an import of ${ROWS} rows`,
  rounds: { short: 1, long: 100 },
  people: 3,
  allows: { broken: true },
  kills: true,
  async round(world) {
    const somebody = await world.newcomer()
    const id = await upload(somebody, world)
    for (let fault = 0, at = 0; fault < FAULTS; fault++) {
      at += world.random() * (ROWS - at)
      const { finished_at } = await importReached(somebody, id, at)
      if (finished_at !== null) {
        break
      }
      await someFault(world)
    }
    await importEnded(somebody, id, world.ledger, IMPORTED_MS)
  }
}

/** Its import is taken up again at once: nobody else can be at it. */
const embedded: Scenario = {
  name: 'embedded-killed',
  fault: 'kill -9 of a server on the embedded database, during writes and an import',
  rounds: { short: 2, long: 200 },
  people: 3,
  plan: { embedded: true, instances: 1 },
  allows: { broken: true },
  kills: true,
  async round(world) {
    const somebody = await world.newcomer()
    const id = await upload(somebody, world)
    await importReached(somebody, id, world.random() * ROWS)
    world.worker.kill('SIGKILL')
    await world.backInService(EMBEDDED_BACK_MS)
    await importEnded(somebody, id, world.ledger, IMPORTED_MS)
  }
}

export const imports = [under, embedded]
