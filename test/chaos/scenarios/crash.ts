import { setTimeout as pause } from 'node:timers/promises'
import { randomUUID } from 'node:crypto'
import { childrenOf } from '../../support/processes.ts'
import type { Client } from '../client.ts'
import type { Api } from '../installation.ts'
import { listening } from '../listening.ts'
import type { Scenario, World } from '../scenario.ts'

/** From the death of a process until it serves again, by whatever starts it anew. */
const BACK_MS = 3000
const IMPORTS = '/api/v1/task-imports'
const ROWS = 1500
const LOOK_MS = 50
/** A dead worker's import is taken over after 10 s (LEASE_SECONDS); then it is brought in. */
const IMPORTED_MS = 15_000
/** Several die before it is through. */
const DEATHS = 2

const oneOf = <T>(list: T[], random: () => number): T => list[Math.floor(random() * list.length)] as T

const api: Scenario = {
  name: 'api-killed',
  fault: 'kill -9 of one of two API instances, at a random moment',
  rounds: { short: 12, long: 800 },
  allows: { broken: true },
  kills: true,
  async round (world) {
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
  prepare: async ({ apis: [api] }) => { while (listening(api) < 2) await pause(LOOK_MS) },
  async round (world) {
    await world.aWhile()
    const [api] = world.apis as [Api]
    const before = listening(api)
    process.kill(oneOf(childrenOf(api.service.pid), world.random), 'SIGKILL')
    const since = performance.now()
    while (listening(api) === before) await pause(LOOK_MS)
    world.ledger.back(performance.now() - since, BACK_MS)
    if (api.service.ends.length > 0) world.ledger.wrong('a supervisor outlives its children', api.service.ends.join(', '))
  }
}

const worker: Scenario = {
  name: 'worker-killed',
  fault: `kill -9 of the worker, ${DEATHS} times during an import of ${ROWS} rows`,
  rounds: { short: 2, long: 100 },
  kills: true,
  async round (world) {
    const somebody = await world.newcomer()
    const id = await upload(somebody, world)
    let at = 0
    for (let death = 0; death < DEATHS; death++) {
      at += world.random() * (ROWS - at)
      await reached(somebody, id, (it) => it.rows_processed >= at)
      world.worker.kill('SIGKILL')
    }
    const since = performance.now()
    const { status, rows_imported } = await reached(somebody, id, (it) => it.finished_at !== null)
    const took = performance.now() - since
    if (status !== 'succeeded' || rows_imported !== ROWS) world.ledger.wrong('an import comes to its end whoever dies', `${status}, ${rows_imported} of ${ROWS}`)
    if (took > IMPORTED_MS) world.ledger.wrong(`an import goes on within ${IMPORTED_MS / 1000} s`, `${Math.round(took)} ms`)
  }
}

/** Sends a file whose rows the books know: each must be there once. */
async function upload (somebody: Client, { ledger }: World): Promise<string> {
  const name = randomUUID()
  const titles = Array.from({ length: ROWS }, (_, row) => `${name} ${row}`)
  const boundary = randomUUID()
  const body = Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="tasks.csv"\r\nContent-Type: text/csv\r\n\r\ntitle\n${titles.join('\n')}\n\r\n--${boundary}--\r\n`)
  const { status, body: made } = await somebody.send({ method: 'POST', path: IMPORTS, body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, 'idempotency-key': name } })
  if (status !== 202) throw new Error(`the file was not taken: ${status} ${JSON.stringify(made)}`)
  ledger.imports(titles)
  return made.id
}

async function reached (somebody: Client, id: string, isThere: (it: { rows_processed: number, finished_at: string | null }) => boolean) {
  for (;;) {
    const { status, body } = await somebody.send({ path: `${IMPORTS}/${id}` })
    if (status === 200 && (isThere(body) || body.finished_at !== null)) return body
    await pause(LOOK_MS)
  }
}

export const crash = [api, child, worker]
