import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { asBytes, createRequestGenerator } from '../../support/malformed-requests.ts'
import { rawHttpWithin } from '../../support/raw-http.ts'
import { ROOT } from '../../support/tools.ts'
import type { ApiInstance } from '../environment.ts'
import { type HeapInspector, INSPECTABLE, inspectHeap } from '../heap.ts'
import type { Scenario, ScenarioContext } from '../scenario.ts'

const SECONDS = { short: 20, long: 600 }
const SAMPLES = 24
/** The first samples only warm up: caches fill until everything has been used. */
const WARM_UP_SAMPLES = SAMPLES / 3
const MALFORMED_SHARE = 0.01
const MALFORMED_PAUSE_MS = 20
const MALFORMED_TIMEOUT_MS = 1000
/** Checked in the long form alone: shorter runs say nothing about growth. */
const MAX_MIB_PER_HOUR = 60
/** A connection more or less is no leak. */
const MAX_ADDED_DESCRIPTORS = 15

interface Sample {
  seconds: number
  mib: number
  residentMib: number
  descriptors: number
}
interface WatchedApi {
  api: ApiInstance
  heap: HeapInspector
  samples: Sample[]
}

const takeSample = async (
  { service: { pid } }: ApiInstance,
  heap: HeapInspector,
  seconds: number
): Promise<Sample> => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    seconds,
    mib: await heap.usedMib(),
    residentMib: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length
  }
}

/** Estimates the growth of memory in MiB per hour, by least squares. */
function growthPerHour(samples: Sample[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const meanSeconds = mean(samples.map(({ seconds }) => seconds))
  const meanMib = mean(samples.map(({ mib }) => mib))
  const variance = samples.reduce((sum, { seconds }) => sum + (seconds - meanSeconds) ** 2, 0)
  const covariance = samples.reduce(
    (sum, { seconds, mib }) => sum + (seconds - meanSeconds) * (mib - meanMib),
    0
  )
  return (3600 * covariance) / variance
}

/** Sends one malformed request per hundred others, each on its own connection. Returns how many it sent. */
async function sendMalformedRequests(
  { apis, ledger, random }: ScenarioContext,
  token: string,
  isOver: () => boolean
): Promise<number> {
  const contract = JSON.parse(readFileSync(join(ROOT, 'openapi/openapi.json'), 'utf8'))
  const nextRequest = createRequestGenerator(contract, random, {
    ids: ['019f2f6e-7c1a-7bbb-8bbb-0123456789ab'],
    token: () => token
  })
  let sent = 0
  while (!isOver()) {
    if (sent >= ledger.calls * MALFORMED_SHARE) {
      await pause(MALFORMED_PAUSE_MS)
      continue
    }
    const { port } = apis[sent++ % apis.length] as ApiInstance
    const { bytes } = asBytes(nextRequest(), random)
    for (const { status, body } of await rawHttpWithin(MALFORMED_TIMEOUT_MS, port, bytes)) {
      if (status >= 500 && status !== 503) {
        ledger.violation(
          'a malformed request is never a server error',
          `${status} ${body} to ${bytes.toString('latin1').slice(0, 300)}`
        )
      }
    }
  }
  return sent
}

/** Prints what an instance used, and checks that memory and descriptors do not grow. */
function checkGrowth({ api, samples }: WatchedApi, { isLong, ledger }: ScenarioContext): void {
  const [early, late] = [samples.slice(0, WARM_UP_SAMPLES), samples.slice(WARM_UP_SAMPLES)]
  const most = (part: Sample[], what: 'residentMib' | 'descriptors') =>
    Math.max(...part.map((sample) => sample[what]))
  const growth = growthPerHour(late)
  const memory = [
    `${samples[0]?.mib.toFixed(0)} MiB at first`,
    `${early.at(-1)?.mib.toFixed(1)} after a third`,
    `${samples.at(-1)?.mib.toFixed(1)} at the end`,
    `${growth.toFixed(0)} MiB per hour`
  ]
  const resident = `at most ${Math.round(most(samples, 'residentMib'))} MiB resident`
  const [earlyDescriptors, lateDescriptors] = [
    most(early, 'descriptors'),
    most(late, 'descriptors')
  ]
  const descriptors = `at most ${earlyDescriptors} descriptors, later ${lateDescriptors}`
  const summary = `${api.service.name}: ${memory.join(', ')}; ${resident}; ${descriptors}`
  console.log(`       ${summary}`)
  if (isLong && growth > MAX_MIB_PER_HOUR) {
    ledger.violation('memory does not grow', summary)
  }
  if (lateDescriptors > earlyDescriptors + MAX_ADDED_DESCRIPTORS) {
    ledger.violation('the number of descriptors does not grow', summary)
  }
}

const steadyLoad: Scenario = {
  name: 'soak',
  fault: `${SECONDS.long / 60} minutes of mixed load with 1 % malformed requests (short form: ${SECONDS.short} s)`,
  rounds: { short: 1, long: 1 },
  plan: { env: INSPECTABLE },
  skip: process.platform === 'linux' ? false : 'memory and descriptors are read from /proc',
  async round(context) {
    const seconds = context.isLong ? SECONDS.long : SECONDS.short
    const startedAt = performance.now()
    const elapsed = () => (performance.now() - startedAt) / 1000
    const { token } = await context.signUpAccount()
    const malformed = sendMalformedRequests(context, token, () => elapsed() >= seconds)
    const watched: WatchedApi[] = await Promise.all(
      context.apis.map(async (api) => ({
        api,
        heap: await inspectHeap(api.service),
        samples: []
      }))
    )
    while (elapsed() < seconds) {
      for (const { api, heap, samples } of watched) {
        samples.push(await takeSample(api, heap, elapsed()))
      }
      await pause((seconds / SAMPLES) * 1000)
    }
    console.log(`       ${await malformed} malformed requests`)
    for (const instance of watched) {
      instance.heap.close()
      checkGrowth(instance, context)
    }
  }
}

export const soak = [steadyLoad]
