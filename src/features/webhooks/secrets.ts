import { randomBytes } from 'node:crypto'
import { Webhook as Signer } from 'standardwebhooks'
import { deriveKeys, type Secrets } from '../../core/secrets.ts'
import { seal, sealOf, unseal } from '../../lib/sealed-text.ts'

const PREFIX = 'whsec_'
const SECRET_BYTES = 32

/** What signs the deliveries of a webhook, as it is stored. */
export interface SealedSecrets {
  owner_id: string
  id: string
  secret: string
  /** Null when it is not valid any more. */
  previous_secret: string | null
}

/** Seals the secrets of webhooks under the secret of the installation, and signs with them. */
export type SecretBox = ReturnType<typeof createSecretBox>

export function createSecretBox(secrets: Secrets) {
  const keys = deriveKeys(secrets, 'webhook-secret')
  const bindingOf = ({ owner_id, id }: Pick<SealedSecrets, 'owner_id' | 'id'>) =>
    `${owner_id} ${id}`
  const open = (webhook: SealedSecrets, sealed: string) => unseal(keys, bindingOf(webhook), sealed)
  return {
    /** The beginning of everything that is sealed with the present secret of the installation. */
    seal: `${sealOf(keys[0])}.`,

    /** Generates a secret, in clear and sealed. */
    generate(webhook: Pick<SealedSecrets, 'owner_id' | 'id'>): { clear: string; sealed: string } {
      const clear = PREFIX + randomBytes(SECRET_BYTES).toString('base64')
      return { clear, sealed: seal(keys[0], bindingOf(webhook), clear) }
    },

    /** Seals with the present secret what was sealed with an earlier one; undefined when that is not known now. */
    reseal(webhook: SealedSecrets, sealed: string): string | undefined {
      const clear = open(webhook, sealed)
      return clear === undefined ? undefined : seal(keys[0], bindingOf(webhook), clear)
    },

    /**
     * Returns the headers of Standard Webhooks for a body, signed with every valid secret of the webhook; undefined
     * when none of them can be opened.
     */
    sign(
      webhook: SealedSecrets,
      messageId: string,
      body: string
    ): Record<string, string> | undefined {
      const valid = [webhook.secret, webhook.previous_secret].flatMap((sealed) =>
        sealed === null ? [] : (open(webhook, sealed) ?? [])
      )
      if (valid.length === 0) {
        return undefined
      }
      const now = new Date()
      return {
        'webhook-id': messageId,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': valid
          .map((secret) => new Signer(secret).sign(messageId, now, body))
          .join(' ')
      }
    }
  }
}
