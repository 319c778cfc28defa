import { NIL } from 'uuid'
import type { Deps } from '../../core/deps.ts'
import type { Job } from '../../core/job-runner.ts'
import { listSealedOtherwise, type StoredSecrets, storeSealed } from './queries.ts'
import { createSecretBox, type SecretBox } from './secrets.ts'

const CHUNK = 100

/**
 * Seals the secrets of webhooks with the present secret of the installation, once in each process: when it was rotated
 * and the one before is given up, every webhook can still sign. Secrets that cannot be opened stay as they are.
 */
export function resealJob({ db, secrets }: Pick<Deps, 'db' | 'secrets'>): Job {
  const secretBox = createSecretBox(secrets)
  let after: string | undefined = NIL
  return {
    name: 'webhooks.reseal',
    concurrency: 1,
    async runOnce() {
      if (after === undefined) {
        return false
      }
      const stored = await listSealedOtherwise(db, secretBox.seal, after, CHUNK)
      for (const webhook of stored) {
        await storeSealed(db, webhook, resealed(secretBox, webhook))
      }
      after = stored.length === CHUNK ? stored.at(-1)?.id : undefined
      return stored.length > 0
    }
  }
}

function resealed(secretBox: SecretBox, webhook: StoredSecrets) {
  const { secret, previous_secret } = webhook
  return {
    secret: secretBox.reseal(webhook, secret) ?? secret,
    previous_secret:
      previous_secret === null ? null : (secretBox.reseal(webhook, previous_secret) ?? null)
  }
}
