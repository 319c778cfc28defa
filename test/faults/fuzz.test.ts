import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Contract } from '../contract/lint/types.ts'
import { call, startServer } from '../support/command.ts'
import { createTestDatabase, serverUrl } from '../support/database.ts'
import { asBytes, createRequestGenerator } from '../support/malformed-requests.ts'
import { seeded } from '../support/random.ts'
import { type RawResponse, rawHttpWithin } from '../support/raw-http.ts'
import { PASSWORD } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Set HOSTILE_SEED to repeat a run, HOSTILE_COUNT=100000 for a long one. */
const seed = Number(process.env.HOSTILE_SEED ?? randomInt(2 ** 31))
const count = Number(process.env.HOSTILE_COUNT ?? 1500)
const AT_ONCE = 16
/** The server rightly waits for the rest of a request that was cut short; the attacker does not. */
const WAIT_MS = 1000
const ROUND = AT_ONCE * 16
const MAX_GROWTH_MIB = 100

const cwd = t.testdir()
const database = serverUrl === undefined ? undefined : await createTestDatabase()
t.teardown(() => database?.close())
// Limits are on, so that they are tested as well, but too high to be reached; each request has an IP of its own.
const highLimits = Object.fromEntries(
  [
    'AUTH',
    'REFRESH',
    'UNKNOWN',
    'BAD_TOKENS',
    'READS',
    'CREATES',
    'UPDATES',
    'DELETES',
    'DELETE_ALL',
    'IMPORTS'
  ].map((budget) => [`RATE_LIMIT_${budget}`, '1000000'])
)
const server = await startServer(
  t,
  {
    ...highLimits,
    DATA_DIR: cwd,
    ...(database?.url && { DATABASE_URL: database.url }),
    RATE_LIMIT: 'on',
    TRUST_PROXY: '127.0.0.0/8',
    MAX_EVENT_LOOP_DELAY_MS: '200',
    DATABASE_POOL_TIMEOUT_MS: '1000',
    ACCESS_TOKEN_TTL: '86400',
    DRAIN_SECONDS: '0'
  },
  cwd
)
const { url, port, child } = server
const random = seeded(seed)
const ids = ['019f2f6e-7c1a-7bbb-8bbb-0123456789ab']
let tokens: string[] = []

/** Repeats a request that gets a 503: the machine may be busy. */
async function callUntilServed(path: string, options: Parameters<typeof call>[1] = {}) {
  let response = await call(url + path, options)
  await waitUntil(`a response to ${path}`, async () => {
    if (response.status === 503) {
      response = await call(url + path, options)
    }
    return response.status !== 503
  })
  return response
}
const {
  body: { access_token: root }
} = await callUntilServed('/api/v1/auth/register', {
  method: 'POST',
  body: { username: 'root', password: PASSWORD }
})
const contract: Contract = (await callUntilServed('/openapi.json')).body
const nextRequest = createRequestGenerator(contract, random, {
  ids,
  token: () => tokens[Math.floor(random() * tokens.length)] ?? ''
})

/** Signs up one caller of each role; earlier ones may have logged out, or deleted themselves. */
async function signUpCallers(round: number): Promise<void> {
  tokens = await Promise.all(
    ['user', 'manager', 'admin'].map(async (role) => {
      const { body } = await callUntilServed('/api/v1/auth/register', {
        method: 'POST',
        body: { username: `${role}-${round}`, password: PASSWORD }
      })
      await callUntilServed(`/api/v1/admin/users/${body.user.id}`, {
        method: 'PATCH',
        token: root,
        body: { role }
      })
      const task = await callUntilServed('/api/v1/tasks', {
        method: 'POST',
        token: body.access_token,
        body: { title: 'Paint the door', tags: ['home'] }
      })
      ids.splice(1, ids.length > 30 ? 2 : 0)
      ids.push(body.user.id, task.body?.id ?? body.user.id)
      return body.access_token
    })
  )
}

const residentMib = (): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
/** Whether load was shed on purpose; the response to a HEAD has only headers to tell it by. */
const isOverload = ({ status, headers, body }: RawResponse) =>
  status === 503 &&
  headers['retry-after'] !== undefined &&
  (body === '' || body.includes('overloaded'))
const randomIp = () =>
  `10.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}`

process.stderr.write(`HOSTILE_SEED=${seed} HOSTILE_COUNT=${count}\n`)

t.test(
  `${count} malformed requests (seed ${seed}) cause no 5xx and no restart, and memory is released`,
  {
    skip: process.platform === 'linux' ? false : 'the memory of a process is read from /proc',
    timeout: 3_600_000
  },
  async (t) => {
    const statuses = new Map<number, number>()
    const tally = { shed: 0, silent: 0 }
    const faults: { request: string; status: number; body: string }[] = []
    const one = async () => {
      const { bytes, isBroken } = asBytes(nextRequest(), random, { 'X-Forwarded-For': randomIp() })
      const responses = await rawHttpWithin(isBroken ? WAIT_MS : 10 * WAIT_MS, port, bytes)
      if (responses.length === 0) {
        tally.silent++
      }
      for (const response of responses) {
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
        if (isOverload(response)) {
          tally.shed++
        } else if (response.status >= 500) {
          faults.push({
            request: bytes.toString('latin1').slice(0, 1000),
            status: response.status,
            body: response.body
          })
        }
      }
    }
    const sendRequests = async (from: number, to: number) => {
      for (let sent = from; sent < to; sent += ROUND) {
        await signUpCallers(sent)
        let left = Math.min(ROUND, to - sent)
        await Promise.all(
          Array.from({ length: AT_ONCE }, async () => {
            while (left-- > 0) {
              await one()
            }
          })
        )
      }
    }
    // Measured after a warm-up: code that was never run takes no memory yet.
    const warmUp = Math.min(1000, count / 3)
    await sendRequests(0, warmUp)
    const before = residentMib()
    const startedAt = performance.now()
    await sendRequests(warmUp, count)
    const seconds = (performance.now() - startedAt) / 1000
    const after = residentMib()
    const byStatus = [...statuses]
      .sort(([a], [b]) => a - b)
      .map(([status, n]) => `${status} × ${n}`)
    const report = [
      `responses by status: ${byStatus.join(', ')}`,
      `no response ${tally.silent}, load shed ${tally.shed}`,
      `${Math.round(count / seconds)}/s`,
      `${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB after`
    ]
    process.stderr.write(`${report.join('; ')}\n`)
    t.strictSame(faults.slice(0, 5), [], `${faults.length} responses of 500 and above`)
    t.ok(
      (statuses.get(200) ?? 0) + (statuses.get(201) ?? 0) > count / 50,
      'some are accepted, so that the code behind validation is tested as well'
    )
    t.equal(child.exitCode, null, 'the process was not restarted')
    t.equal((await callUntilServed('/health/ready')).status, 200)
    t.equal((await callUntilServed('/api/v1/tasks', { token: root })).status, 200)
    await waitUntil('the release of its memory', () => residentMib() < before + MAX_GROWTH_MIB)
    const { code, stdout, stderr } = await server.stop('SIGTERM')
    t.equal(code, 0)
    t.notMatch(stdout + stderr, /"level":(50|60)|\n +at /, 'no failure is logged')
  }
)
