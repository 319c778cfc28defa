import { type SQL, sql } from 'drizzle-orm'

/**
 * Spends a refresh token and stores its successor in one statement: of parallel attempts exactly one wins, and a
 * statement that fails has spent nothing.
 */
export const rotateTokenSql = (hash: string, nextHash: string, idleSeconds: number): SQL => sql`
  WITH spent AS (
    UPDATE refresh_tokens t
    SET used_at = now()
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
