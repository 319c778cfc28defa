import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  type KeyObject,
  randomBytes
} from 'node:crypto'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = NONCE_BYTES + TAG_BYTES

/** Names a key without revealing it, so that what was sealed with another one is found. */
export const sealOf = (key: KeyObject): string =>
  createHmac('sha256', key).update('name of the key').digest('base64url').slice(0, 8)

/** Encrypts a text for storage; `binding` names its place, and it opens in no other. */
export function seal(key: KeyObject, binding: string, text: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(binding))
  const sealed = Buffer.concat([cipher.update(text), cipher.final()])
  const bytes = Buffer.concat([nonce, cipher.getAuthTag(), sealed])
  return `${sealOf(key)}.${bytes.toString('base64url')}`
}

/** Decrypts a text that was sealed with one of the keys; undefined when none of them opens it. */
export function unseal(
  keys: readonly KeyObject[],
  binding: string,
  sealed: string
): string | undefined {
  const [name, text = ''] = sealed.split('.')
  const key = keys.find((it) => sealOf(it) === name)
  if (!key) {
    return undefined
  }
  const bytes = Buffer.from(text, 'base64url')
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(binding))
    .setAuthTag(bytes.subarray(NONCE_BYTES, HEAD_BYTES))
  try {
    return decipher.update(bytes.subarray(HEAD_BYTES), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    return undefined
  }
}
