import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import { hashToken } from '../../lib/token.ts'
import { findResetTokenOwner, redeemResetToken as redeemCodeToken } from './codes.queries.ts'
import { findPasswordLink, redeemPasswordLink } from './password-links.queries.ts'

/** What replaces a password once: it came from a code, or in the link of an admin. */
export interface ResetToken {
  hash: string
  userId: string
  isLink: boolean
  /** It was sent to the email of the account. */
  confirmsEmail: boolean
}

/** Finds a valid token without using it. */
export async function findResetToken(db: Db, token: string): Promise<ResetToken | undefined> {
  const hash = hashToken(token)
  const userId = await findResetTokenOwner(db, hash)
  if (userId !== undefined) {
    return { hash, userId, isLink: false, confirmsEmail: true }
  }
  const link = await findPasswordLink(db, hash)
  return link && { hash, userId: link.user_id, isLink: true, confirmsEmail: link.confirms_email }
}

/** Returns true for the one request that may use a token. */
export const redeemResetToken = (tx: Tx, { hash, userId, isLink }: ResetToken): Promise<boolean> =>
  isLink ? redeemPasswordLink(tx, { hash, user_id: userId }) : redeemCodeToken(tx, hash)
