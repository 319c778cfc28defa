import type { Config } from '../../config.ts'
import { accessOf } from '../../core/access-cache.ts'
import { audit } from '../../core/audit.ts'
import { type Actor, actingAs, actorOf, type RequestContext } from '../../core/context.ts'
import type { Mail } from '../../core/mail.ts'
import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import type { AccessClaims } from '../../http/plugins/access-tokens.ts'
import { limitKey, maskIp } from '../../lib/ip.ts'
import { hashToken, randomToken } from '../../lib/token.ts'
import { newId } from '../../lib/uuid.ts'
import type { User } from './schema.ts'
import { endOldestBeyond, insertSession, rotateToken } from './sessions.queries.ts'
import { findUser } from './users.queries.ts'

const DAY_SECONDS = 86_400
const ABSOLUTE_SECONDS = 30 * DAY_SECONDS
const MAX_LIVE = 20
const MAX_USER_AGENT = 200

/** The tokens of a session and their user. */
export interface IssuedTokens {
  access_token: string
  token_type: 'Bearer'
  expires_in: number
  refresh_token: string
  user: User
}
export interface SessionOptions {
  db: Db
  config: Config
  mail: Mail
  sign: (claims: AccessClaims) => string
}

/** Opens a session in the caller's transaction, which holds the lock on the user's row. */
export async function startSession(
  tx: Tx,
  ctx: RequestContext<Actor | null>,
  internals: SessionOptions,
  user: User
): Promise<IssuedTokens> {
  const { db, config } = internals
  const id = newId()
  const refreshToken = randomToken()
  const session = {
    id,
    user_id: user.id,
    address_prefix: maskIp(ctx.ip ?? ''),
    user_agent: ctx.userAgent?.toWellFormed().slice(0, MAX_USER_AGENT) ?? null
  }
  await insertSession(tx, session, hashToken(refreshToken), {
    idleSeconds: config.REFRESH_TOKEN_TTL,
    absoluteSeconds: ABSOLUTE_SECONDS
  })
  const evicted = await endOldestBeyond(tx, user.id, MAX_LIVE)
  if (evicted.length > 0) {
    await accessOf(db).changed(tx, [user.id])
  }
  return issueTokens(internals, id, user, refreshToken)
}

/** Returns the network from which a client refreshes: an IPv4 address or the /64 of an IPv6 address. */
export const networkOfClient = ({ ip }: Pick<RequestContext<null>, 'ip'>): string | null =>
  ip === null ? null : limitKey(ip)

/** Spends a refresh token for the next tokens; returns undefined when it is not live. */
export async function refreshSession(
  tx: Tx,
  ctx: RequestContext<Actor | null>,
  internals: SessionOptions,
  refreshToken: string
): Promise<IssuedTokens | undefined> {
  const next = randomToken()
  const session = await rotateToken(tx, {
    hash: hashToken(refreshToken),
    nextHash: hashToken(next),
    network: networkOfClient(ctx),
    idleSeconds: internals.config.REFRESH_TOKEN_TTL
  })
  const user = session && (await findUser(tx, { id: session.user_id }))
  if (!user) {
    return undefined
  }
  const { session_id } = session
  await audit.succeeded(tx, actingAs(ctx, actorOf(user)), 'session.refreshed', {
    session: session_id
  })
  return issueTokens(internals, session_id, user, next)
}

function issueTokens(
  { sign, config }: SessionOptions,
  sid: string,
  user: User,
  refresh_token: string
): IssuedTokens {
  return {
    access_token: sign({ sub: user.id, sid, jti: newId(), role: user.role }),
    token_type: 'Bearer',
    expires_in: config.ACCESS_TOKEN_TTL,
    refresh_token,
    user
  }
}
