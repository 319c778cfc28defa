import { setTimeout as pause } from 'node:timers/promises'
import { childrenOf } from '../../support/processes.ts'
import type { Api } from '../environment.ts'
import { importEnded, importReached, ROWS, upload } from '../imports.ts'
import { listening } from '../listening.ts'
import type { Scenario } from '../scenario.ts'

/** From the death of a process until it serves again, by whatever starts it anew. */
const BACK_MS = 3000
const LOOK_MS = 50
/** A dead worker's import is taken over after 10 s (LEASE_SECONDS); then it is brought in. */
const IMPORTED_MS = 15_000
/** Several die before it is through. */
const DEATHS = 2

const oneOf = <T>(list: T[], random: () => number): T =>
  list[Math.floor(random() * list.length)] as T

const api: Scenario = {
  name: 'api-killed',
  fault: 'kill -9 of one of two API instances, at a random moment',
  rounds: { short: 12, long: 850 },
  // What starts anew has a core of its own on a machine of two: how busy the others may be is not what is asked here.
  people: 4,
  allows: { broken: true },
  kills: true,
  async round(world) {
    await world.aWhile()
    const victim = oneOf(world.apis, world.random)
    victim.service.kill('SIGKILL')
    await world.backInService(BACK_MS, [victim])
  }
}

const child: Scenario = {
  name: 'child-killed',
  fault: 'kill -9 of one of two processes under WEB_CONCURRENCY=2',
  rounds: { short: 6, long: 100 },
  // Each process says in the log when it serves.
  plan: { instances: 1, processes: 2, env: { LOG_LEVEL: 'info' } },
  allows: { broken: true },
  kills: true,
  prepare: async ({ apis: [api] }) => {
    while (listening(api) < 2) {
      await pause(LOOK_MS)
    }
  },
  async round(world) {
    await world.aWhile()
    const [api] = world.apis as [Api]
    const before = listening(api)
    process.kill(oneOf(childrenOf(api.service.pid), world.random), 'SIGKILL')
    const since = performance.now()
    while (listening(api) === before) {
      await pause(LOOK_MS)
    }
    world.ledger.back(performance.now() - since, BACK_MS)
    if (api.service.ends.length > 0) {
      world.ledger.wrong('a supervisor outlives its children', api.service.ends.join(', '))
    }
  }
}

const worker: Scenario = {
  name: 'worker-killed',
  fault: `kill -9 of the worker, ${DEATHS} times during an import of ${ROWS} rows`,
  rounds: { short: 2, long: 30 },
  kills: true,
  async round(world) {
    const somebody = await world.newcomer()
    const id = await upload(somebody, world)
    let at = 0
    for (let death = 0; death < DEATHS; death++) {
      at += world.random() * (ROWS - at)
      await importReached(somebody, id, at)
      world.worker.kill('SIGKILL')
    }
    await importEnded(somebody, id, world.ledger, IMPORTED_MS)
  }
}

export const crash = [api, child, worker]
