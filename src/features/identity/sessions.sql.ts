import { type SQL, sql } from 'drizzle-orm'

export interface Rotation {
  hash: string
  nextHash: string
  /** Of the client; null when it is unknown. */
  network: string | null
  idleSeconds: number
}

/** For how long a client may not have received the response to a refresh. */
const LOST_RESPONSE = sql`INTERVAL '10 seconds'`

/**
 * Whether a used token is presented by the client that used it, because it refreshed in parallel or the response was
 * lost: from the same network, at once, and nobody has used the successor. The tokens of a session are a chain, so its
 * successor is unused exactly while no token was used later.
 */
export const isRepeatedByItsClient = (network: string | null): SQL<boolean> => sql<boolean>`(
  refresh_tokens.used_from = ${network}
  AND refresh_tokens.used_at > now() - ${LOST_RESPONSE}
  AND NOT EXISTS (
    SELECT 1
    FROM refresh_tokens later
    WHERE later.session_id = refresh_tokens.session_id
      AND later.hash <> refresh_tokens.hash
      AND later.used_at >= refresh_tokens.used_at
  )
) IS TRUE`

/**
 * Spends a refresh token and stores its successor in one statement: of parallel attempts exactly one wins, and a
 * statement that fails has spent nothing.
 */
export const rotateTokenSql = ({ hash, nextHash, network, idleSeconds }: Rotation): SQL => sql`
  WITH spent AS (
    UPDATE refresh_tokens t
    SET used_at = now(), used_from = ${network}
    FROM sessions s, users u
    WHERE t.hash = ${hash}
      AND t.used_at IS NULL
      AND t.expires_at > now()
      AND s.id = t.session_id
      AND s.ended_at IS NULL
      AND s.expires_at > now()
      AND u.id = s.user_id
      AND NOT u.disabled
    RETURNING
      s.id AS session_id,
      s.user_id,
      least(s.expires_at, now() + make_interval(secs => ${idleSeconds})) AS idle_expires_at
  ), successor AS (
    INSERT INTO refresh_tokens (hash, session_id, expires_at)
    SELECT ${nextHash}, session_id, idle_expires_at
    FROM spent
  ), used AS (
    UPDATE sessions
    SET last_used_at = now(), idle_expires_at = spent.idle_expires_at
    FROM spent
    WHERE sessions.id = spent.session_id
  )
  SELECT session_id, user_id
  FROM spent`
