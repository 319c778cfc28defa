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
/** A request that was cut short is rightly waited for; the attacker does not. */
const IMPATIENT_MS = 1000
const ROUND = AT_ONCE * 16
const MAX_GROWTH_MIB = 100

const cwd = t.testdir()
const database = serverUrl === undefined ? undefined : await createTestDatabase()
t.teardown(() => database?.close())
// Limits are on, so that they are attacked as well, but too wide to be in the way; each request has a client address of its own.
const wide = Object.fromEntries(
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
    ...wide,
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

/** Asks again when told to come again: the machine may be busy with more than this. */
async function patiently(path: string, options: Parameters<typeof call>[1] = {}) {
  let answer = await call(url + path, options)
  await waitUntil(`an answer to ${path}`, async () => {
    if (answer.status === 503) {
      answer = await call(url + path, options)
    }
    return answer.status !== 503
  })
  return answer
}
const {
  body: { access_token: root }
} = await patiently('/api/v1/auth/register', {
  method: 'POST',
  body: { username: 'root', password: PASSWORD }
})
const contract: Contract = (await patiently('/openapi.json')).body
const nextRequest = createRequestGenerator(contract, random, {
  ids,
  token: () => tokens[Math.floor(random() * tokens.length)] ?? ''
})

/** One caller of each role; those of before may have logged out, or deleted themselves. */
async function gather(round: number): Promise<void> {
  tokens = await Promise.all(
    ['user', 'manager', 'admin'].map(async (role) => {
      const { body } = await patiently('/api/v1/auth/register', {
        method: 'POST',
        body: { username: `${role}-${round}`, password: PASSWORD }
      })
      await patiently(`/api/v1/admin/users/${body.user.id}`, {
        method: 'PATCH',
        token: root,
        body: { role }
      })
      const task = await patiently('/api/v1/tasks', {
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
/** Shed on purpose; the answer to a HEAD says so by its headers alone. */
const isOverload = ({ status, headers, body }: RawResponse) =>
  status === 503 &&
  headers['retry-after'] !== undefined &&
  (body === '' || body.includes('overloaded'))
const address = () =>
  `10.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}`

process.stderr.write(`HOSTILE_SEED=${seed} HOSTILE_COUNT=${count}\n`)

t.test(
  `a server in a process of its own withstands ${count} malformed requests (seed ${seed}): no answer is its fault, it is never restarted, and its memory comes back`,
  {
    skip: process.platform === 'linux' ? false : 'the memory of a process is read from /proc',
    timeout: 3_600_000
  },
  async (t) => {
    const statuses = new Map<number, number>()
    const tally = { shed: 0, silent: 0 }
    const faults: { request: string; status: number; body: string }[] = []
    const one = async () => {
      const { bytes, isBroken } = asBytes(nextRequest(), random, { 'X-Forwarded-For': address() })
      const answers = await rawHttpWithin(isBroken ? IMPATIENT_MS : 10 * IMPATIENT_MS, port, bytes)
      if (answers.length === 0) {
        tally.silent++
      }
      for (const answer of answers) {
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
        if (isOverload(answer)) {
          tally.shed++
        } else if (answer.status >= 500) {
          faults.push({
            request: bytes.toString('latin1').slice(0, 1000),
            status: answer.status,
            body: answer.body
          })
        }
      }
    }
    const siege = async (from: number, to: number) => {
      for (let sent = from; sent < to; sent += ROUND) {
        await gather(sent)
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
    // Measured once everything has been used: code that was never run takes no memory yet.
    const warmUp = Math.min(1000, count / 3)
    await siege(0, warmUp)
    const before = residentMib()
    const startedAt = performance.now()
    await siege(warmUp, count)
    const seconds = (performance.now() - startedAt) / 1000
    const after = residentMib()
    process.stderr.write(
      `answers by status: ${[...statuses]
        .sort(([a], [b]) => a - b)
        .map(([status, n]) => `${status} × ${n}`)
        .join(
          ', '
        )}; without an answer ${tally.silent}, told to come again ${tally.shed}; ${Math.round(count / seconds)}/s; ${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB after\n`
    )
    t.strictSame(faults.slice(0, 5), [], `${faults.length} answers of 500 and above`)
    t.ok(
      (statuses.get(200) ?? 0) + (statuses.get(201) ?? 0) > count / 50,
      'some get through, so that what lies behind is tried as well'
    )
    t.equal(child.exitCode, null, 'it is the process that was started')
    t.equal((await patiently('/health/ready')).status, 200)
    t.equal((await patiently('/api/v1/tasks', { token: root })).status, 200)
    await waitUntil('the return of its memory', () => residentMib() < before + MAX_GROWTH_MIB)
    const { code, stdout, stderr } = await server.stop('SIGTERM')
    t.equal(code, 0)
    t.notMatch(stdout + stderr, /"level":(50|60)|\n +at /, 'nothing in its log is a failure')
  }
)
