import { randomInt } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { InjectOptions } from 'fastify'
import t from 'tap'
import type { Contract } from '../contract/lint/types.ts'
import {
  asBytes,
  createRequestGenerator,
  type MalformedRequest
} from '../support/malformed-requests.ts'
import { seeded } from '../support/random.ts'
import { type RawResponse, rawHttp, rawHttpWithin, requestText } from '../support/raw-http.ts'
import { createTestApp, type Person } from '../support/test-app.ts'

/** Set HOSTILE_SEED to repeat a run. */
const seed = Number(process.env.HOSTILE_SEED ?? randomInt(2 ** 31))
const INJECTED = 10_000
const ON_SOCKETS = 320
const AT_ONCE = 8
const WAIT_MS = 500

// Real hashes would only slow this test down; they are tested elsewhere.
const passwords = {
  hash: async (password: string) => `plain ${password}`,
  verify: async (hash: string | null | undefined, password: string) => hash === `plain ${password}`,
  needsRehash: () => false,
  queueStats: () => ({ running: 0, waiting: 0, waited: 0, waitedSeconds: 0, rejected: 0 })
}
const log: Record<string, unknown>[] = []
const { app, request, signUp } = await createTestApp(t, {
  env: { DOCS_ENABLED: 'on' },
  deps: { passwords },
  onLog: (line) => {
    const entry = JSON.parse(line)
    if (Number(entry.level) >= 40) {
      log.push(entry)
    }
  }
})
await app.ready()
const contract = app.contract() as unknown as Contract

process.stderr.write(`HOSTILE_SEED=${seed}\n`)
const random = seeded(seed)
const ids: string[] = ['019f2f6e-7c1a-7bbb-8bbb-0123456789ab']
let people: Person[] = []
let made = 0
/** Replaces callers whose sessions have ended (they may log out, or delete themselves) by new ones. */
async function signUpCallers(): Promise<void> {
  for (const role of ['user', 'manager', 'admin'] as const) {
    const somebody = await signUp(role, `caller-${seed}-${made++}`, {
      email: `caller-${made}@example.com`
    })
    ids.push(
      somebody.user.id,
      (await somebody.create({ title: 'Paint the door', tags: ['home'] })).id
    )
    people.push(somebody)
  }
  people = people.slice(-3)
}
const nextRequest = createRequestGenerator(contract, random, {
  ids,
  token: () => people[Math.floor(random() * people.length)]?.access_token ?? ''
})

t.test(
  `${INJECTED} malformed requests (seed ${seed}): no 5xx, and every response conforms to the contract`,
  async (t) => {
    const statuses = new Map<number, number>()
    const reached = new Set<string>()
    let unauthenticated = AT_ONCE
    for (let sent = 0; sent < INJECTED; ) {
      if (unauthenticated >= AT_ONCE / 2) {
        await signUpCallers()
      }
      unauthenticated = 0
      const requests = Array.from({ length: AT_ONCE }, nextRequest).flatMap(asInjected)
      sent += requests.length
      await Promise.all(
        requests.map(async ({ operation, ...sentRequest }) => {
          const response = await request(sentRequest as InjectOptions & { url: string })
          statuses.set(response.statusCode, (statuses.get(response.statusCode) ?? 0) + 1)
          if (response.statusCode < 400) {
            reached.add(operation)
          }
          if (response.statusCode === 401) {
            unauthenticated++
          }
          if (response.statusCode >= 500) {
            t.fail(
              `${sentRequest.method} ${sentRequest.url.slice(0, 200)} → ${response.statusCode}`,
              {
                request,
                body: response.body,
                log: log.splice(0)
              }
            )
          }
        })
      )
    }
    const share = (status: number) => (statuses.get(status) ?? 0) / INJECTED
    process.stderr.write(
      `responses by status: ${[...statuses]
        .sort()
        .map(([status, count]) => `${status} × ${count}`)
        .join(', ')}\n`
    )
    t.ok(
      share(200) + share(201) + share(204) > 0.05,
      'some are accepted, so that the code behind validation is tested as well'
    )
    t.ok(
      share(400) > 0.2 && share(401) < 0.3,
      'most are rejected for their content, not for their credentials'
    )
    t.ok(
      reached.size > Object.keys(contract.paths).length / 2,
      `${reached.size} operations were reached`
    )
  }
)

t.test(
  `${ON_SOCKETS} malformed requests with flipped bytes on raw sockets leave the process alive and serving`,
  async (t) => {
    await signUpCallers()
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as AddressInfo
    const responses: RawResponse[] = []
    for (let sent = 0; sent < ON_SOCKETS; sent += AT_ONCE * 4) {
      responses.push(
        ...(
          await Promise.all(Array.from({ length: AT_ONCE * 4 }, () => exchangeBroken(port)))
        ).flat()
      )
    }
    t.strictSame(
      responses.filter(({ status }) => status >= 500),
      [],
      JSON.stringify(log.slice(0, 3))
    )
    t.ok(responses.length > ON_SOCKETS / 2, `${responses.length} responses`)
    t.match(await rawHttp(port, requestText('GET /health/ready')), [{ status: 200 }])
    t.equal((await (await signUp()).get('/api/v1/tasks')).statusCode, 200)
  }
)

/** Injection parses a URL as a browser does, without dot segments and fragments; invalid URLs are for raw sockets. */
function asInjected(request: MalformedRequest): MalformedRequest[] {
  const url = URL.parse(request.url, 'http://localhost')
  return url ? [{ ...request, url: url.pathname + url.search }] : []
}

function exchangeBroken(port: number): Promise<RawResponse[]> {
  return rawHttpWithin(WAIT_MS, port, asBytes(nextRequest(), random).bytes)
}
