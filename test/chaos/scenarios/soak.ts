import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { asBytes, createRequestGenerator } from '../../support/malformed-requests.ts'
import { rawHttpWithin } from '../../support/raw-http.ts'
import { ROOT } from '../../support/tools.ts'
import type { Api } from '../environment.ts'
import { INSPECTABLE, openHeap } from '../heap.ts'
import type { Scenario, World } from '../scenario.ts'

const SECONDS = { short: 20, long: 600 }
const LOOKS = 24
const HOSTILE_SHARE = 0.01
const IMPATIENT_MS = 1000
/** Caches fill until everything has been used; after a third of the time what is held may grow by so much an hour. Shorter runs say nothing about it. */
const MAX_MIB_AN_HOUR = 60
/** A connection more or less is no leak. */
const MAX_MORE_DESCRIPTORS = 15

interface Look {
  seconds: number
  mib: number
  resident: number
  descriptors: number
}
type Heap = Awaited<ReturnType<typeof openHeap>>

const lookAt = async ({ service: { pid } }: Api, heap: Heap, seconds: number): Promise<Look> => ({
  seconds,
  mib: await heap.held(),
  resident:
    Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
  descriptors: readdirSync(`/proc/${pid}/fd`).length
})

/** What it grows by in an hour, by least squares. */
function slope(looks: Look[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(looks.map(({ seconds }) => seconds)), mean(looks.map(({ mib }) => mib))]
  const spread = looks.reduce((sum, { seconds }) => sum + (seconds - x) ** 2, 0)
  return (
    (3600 * looks.reduce((sum, { seconds, mib }) => sum + (seconds - x) * (mib - y), 0)) / spread
  )
}

/** One malformed request for every hundred of the others, each on a connection of its own. */
async function besiege(world: World, token: string, isOver: () => boolean): Promise<number> {
  const contract = JSON.parse(readFileSync(join(ROOT, 'openapi/openapi.json'), 'utf8'))
  const nextRequest = createRequestGenerator(contract, world.random, {
    ids: ['019f2f6e-7c1a-7bbb-8bbb-0123456789ab'],
    token: () => token
  })
  let sent = 0
  while (!isOver()) {
    if (sent >= world.ledger.calls * HOSTILE_SHARE) {
      await pause(20)
      continue
    }
    const { port } = world.apis[sent++ % world.apis.length] as Api
    const { bytes } = asBytes(nextRequest(), world.random)
    for (const { status, body } of await rawHttpWithin(IMPATIENT_MS, port, bytes)) {
      if (status >= 500 && status !== 503) {
        world.ledger.wrong(
          'no malformed request is our fault',
          `${status} ${body} to ${bytes.toString('latin1').slice(0, 300)}`
        )
      }
    }
  }
  return sent
}

const steady: Scenario = {
  name: 'soak',
  fault: `nothing but ${SECONDS.long / 60} minutes of mixed load with 1 % malformed requests (short form: ${SECONDS.short} s)`,
  rounds: { short: 1, long: 1 },
  plan: { env: INSPECTABLE },
  skip: process.platform === 'linux' ? false : 'memory and descriptors are read from /proc',
  async round(world) {
    const seconds = world.isLong ? SECONDS.long : SECONDS.short
    const startedAt = performance.now()
    const elapsed = () => (performance.now() - startedAt) / 1000
    const { token } = await world.account()
    const siege = besiege(world, token, () => elapsed() >= seconds)
    const watched = await Promise.all(
      world.apis.map(async (api) => ({
        api,
        heap: await openHeap(api.service),
        seen: [] as Look[]
      }))
    )
    while (elapsed() < seconds) {
      for (const { api, heap, seen } of watched) {
        seen.push(await lookAt(api, heap, elapsed()))
      }
      await pause((seconds / LOOKS) * 1000)
    }
    const hostile = await siege
    for (const {
      api: {
        service: { name }
      },
      heap,
      seen
    } of watched) {
      heap.close()
      const [early, late] = [seen.slice(0, LOOKS / 3), seen.slice(LOOKS / 3)]
      const most = (part: Look[], what: 'resident' | 'descriptors') =>
        Math.max(...part.map((look) => look[what]))
      const growth = slope(late)
      const said = `${name}: holds ${seen[0]?.mib.toFixed(0)} MiB at first, ${early.at(-1)?.mib.toFixed(1)} after a third, ${seen.at(-1)?.mib.toFixed(1)} at last, ${growth.toFixed(0)} MiB an hour; resident at most ${Math.round(most(seen, 'resident'))}; descriptors at most ${most(early, 'descriptors')}, later ${most(late, 'descriptors')}; ${hostile} malformed requests`
      console.log(`       ${said}`)
      if (world.isLong && growth > MAX_MIB_AN_HOUR) {
        world.ledger.wrong('memory does not grow', said)
      }
      if (most(late, 'descriptors') > most(early, 'descriptors') + MAX_MORE_DESCRIPTORS) {
        world.ledger.wrong('descriptors do not grow', said)
      }
    }
  }
}

export const soak = [steady]
