import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from './client.ts'

/** Concurrent probes per instance: all must be served. */
const PROBES = 3
const PROBE_PAUSE_MS = 20
const RECOVERY_TIMEOUT_MS = 60_000
/** A server that the previous scenario killed serves again by then. */
const SIGN_UP_TIMEOUT_MS = 15_000
const SIGN_UP_PAUSE_MS = 100
const TASKS = '/api/v1/tasks'

/** Registers an account; retries until the effects of the previous scenario are over. */
export async function signUp(port: number): Promise<{ token: string; id: string }> {
  const deadline = performance.now() + SIGN_UP_TIMEOUT_MS
  for (;;) {
    const client = new Client(port)
    const { status, body } = await client.send({
      method: 'POST',
      path: '/api/v1/auth/register',
      body: {
        username: `chaos-${randomBytes(6).toString('hex')}`,
        password: randomBytes(12).toString('hex')
      }
    })
    client.close()
    if (status === 201) {
      return { token: body.access_token, id: body.user.id }
    }
    if ((status !== 0 && status !== 503) || performance.now() > deadline) {
      throw new Error(`could not sign up: ${status} ${JSON.stringify(body)}`)
    }
    await pause(SIGN_UP_PAUSE_MS)
  }
}

/** Measures the milliseconds until an instance serves several concurrent writes and lists, all of them. */
export async function measureRecovery(port: number, token: string): Promise<number> {
  const startedAt = performance.now()
  const probes = Array.from({ length: PROBES }, () => new Client(port, token))
  try {
    for (;;) {
      const responses = await Promise.all(
        probes.flatMap((probe) => [
          probe.send({ method: 'POST', path: TASKS, body: { title: 'Recovery probe' } }),
          probe.send({ path: `${TASKS}?limit=1` })
        ])
      )
      const took = performance.now() - startedAt
      if (responses.every(({ status }) => status === 201 || status === 200)) {
        return took
      }
      if (took > RECOVERY_TIMEOUT_MS) {
        const states = responses.map(({ status, error, body }) => ({ status, error, body }))
        throw new Error(
          `no recovery within ${RECOVERY_TIMEOUT_MS / 1000} s: ${JSON.stringify(states)}`
        )
      }
      await pause(PROBE_PAUSE_MS)
    }
  } finally {
    for (const probe of probes) {
      probe.close()
    }
  }
}
