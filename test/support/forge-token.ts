import { createHmac } from 'node:crypto'
import { SECRET } from './test-app.ts'

type Parts = Record<string, unknown>
const encode = (part: Parts): string => Buffer.from(JSON.stringify(part)).toString('base64url')
export const decode = (part: string | undefined): Parts =>
  JSON.parse(Buffer.from(part as string, 'base64url').toString())

/** A token of one's own making. Signed with the right secret unless another one is given. */
export function forge(
  header: Parts,
  claims: Parts,
  { secret = SECRET, hash = 'sha256' }: { secret?: string; hash?: string } = {}
): string {
  const text = `${encode(header)}.${encode(claims)}`
  return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`
}
