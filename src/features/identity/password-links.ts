import { audit } from '../../core/audit.ts'
import { consoleUrl } from '../../core/console-url.ts'
import type { Actor, RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Tx } from '../../db/transaction.ts'
import { hashToken, randomToken } from '../../lib/token.ts'
import { passwordLinkEmail } from './emails.ts'
import type { NoticeDeps } from './notices.ts'
import { insertPasswordLink } from './password-links.queries.ts'
import type { User } from './schema.ts'

const SET_UP_HOURS = 14 * 24
const RESET_HOURS = 24

/** How a user gets to choose a password. */
export interface PasswordLink {
  /** The link, to be handed over; null where it was sent to the user. */
  setup_url: string | null
  expires_at: string
}

/**
 * Creates the link with which a user chooses a password, once; earlier ones are invalid from now on. It goes to the
 * email of the account, or is returned where no email is sent. The account is locked.
 */
export async function createPasswordLink(
  tx: Tx,
  ctx: RequestContext<Actor | null>,
  { config, mail }: NoticeDeps,
  user: User,
  { isNew }: { isNew: boolean }
): Promise<PasswordLink> {
  const { id: user_id, email } = user
  const isSent = email !== null && mail.isEnabled
  const token = randomToken()
  const hours = isNew ? SET_UP_HOURS : RESET_HOURS
  const link = { user_id, token_hash: hashToken(token), confirms_email: isSent, hours }
  const expires_at = await insertPasswordLink(tx, link)
  if (expires_at === undefined) {
    throw new Problem('not_found')
  }
  const how = isSent ? 'sent' : 'shown'
  await audit.succeeded(tx, ctx, 'user.password_link_created', { user: user_id }, how)
  const url = consoleUrl(config, '/set-password', { reset_token: token })
  if (!isSent) {
    return { setup_url: url, expires_at }
  }
  const to = { email, name: user.email_verified ? user.name : null }
  const content = { url, isNew, expiresAt: expires_at, publicUrl: config.PUBLIC_URL }
  tx.afterCommit(() => void setImmediate(() => mail.send(passwordLinkEmail(to, content))))
  return { setup_url: null, expires_at }
}
