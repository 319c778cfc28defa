import { NIL } from 'uuid'
import type { Deps } from '../../core/deps.ts'
import type { Job } from '../../core/job-runner.ts'
import type { ScheduledTask } from '../../core/scheduler.ts'
import { listSealedOtherwise, type StoredSecrets, storeSealed } from './queries.ts'
import { createSecretBox, type SecretBox } from './secrets.ts'

const NAME = 'webhooks.reseal'
const CHUNK = 100
const EVERY_SECONDS = 3600

type ResealDeps = Pick<Deps, 'db' | 'secrets'>

/**
 * Seals the secrets of webhooks with the present secret of the installation when a process starts: when that was
 * rotated and the one before is given up, every webhook can still sign. Secrets that cannot be opened stay as they are.
 */
export function resealJob(deps: ResealDeps): Job {
  const resealChunk = createReseal(deps)
  let isOver = false
  return {
    name: NAME,
    concurrency: 1,
    async runOnce() {
      if (isOver) {
        return false
      }
      const { more } = await resealChunk()
      isOver = !more
      return more
    }
  }
}

/**
 * Does the same again and again: during a rotation, an instance that starts later than this one still seals with the
 * secret before.
 */
export const resealTask = (deps: ResealDeps): ScheduledTask => ({
  name: NAME,
  everySeconds: EVERY_SECONDS,
  run: createReseal(deps)
})

/** Returns what handles one chunk of secrets at a time, and begins again behind the last one. */
function createReseal({ db, secrets }: ResealDeps): ScheduledTask['run'] {
  const secretBox = createSecretBox(secrets)
  let after: string = NIL
  return async () => {
    const stored = await listSealedOtherwise(db, secretBox.seal, after, CHUNK)
    let done = 0
    for (const webhook of stored) {
      const sealed = resealed(secretBox, webhook)
      if (sealed.secret !== webhook.secret || sealed.previous_secret !== webhook.previous_secret) {
        await storeSealed(db, webhook, sealed)
        done++
      }
    }
    const more = stored.length === CHUNK
    after = more ? String(stored.at(-1)?.id) : NIL
    return { done, more }
  }
}

function resealed(secretBox: SecretBox, webhook: StoredSecrets) {
  const resealOne = (sealed: string) => secretBox.reseal(webhook, sealed) ?? sealed
  const { secret, previous_secret } = webhook
  return {
    secret: resealOne(secret),
    previous_secret: previous_secret === null ? null : resealOne(previous_secret)
  }
}
