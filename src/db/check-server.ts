import { sql } from 'drizzle-orm'
import type { Db } from './client.ts'
import { executeRows } from './rows.ts'
import { UnsuitableDatabaseError } from './unsuitable-database.ts'

const OLDEST_VERSION = 150_000

/** Throws UnsuitableDatabaseError for a server whose version, encoding or formats would corrupt what is stored. */
export async function checkServer(db: Db): Promise<void> {
  const [server] = await executeRows<{
    version: number
    release: string
    encoding: string
    date_style: string
    time_zone: string
  }>(
    db,
    sql`
      SELECT current_setting('server_version_num')::int AS version,
        current_setting('server_version') AS release,
        current_setting('server_encoding') AS encoding,
        current_setting('DateStyle') AS date_style,
        current_setting('TimeZone') AS time_zone`
  )
  if (!server) {
    return
  }
  if (server.version < OLDEST_VERSION) {
    throw new UnsuitableDatabaseError(
      `Tasklane needs PostgreSQL 15 or later. This server is ${server.release}.`
    )
  }
  if (server.encoding !== 'UTF8') {
    throw new UnsuitableDatabaseError(
      `The encoding of the database is ${server.encoding}, which cannot hold every character. ` +
        'Create it with: create database … template template0 encoding UTF8'
    )
  }
  // Sent with every session; only a pooler can have dropped them.
  if (!server.date_style.startsWith('ISO') || server.time_zone !== 'UTC') {
    throw new UnsuitableDatabaseError(
      `Sessions have DateStyle ${server.date_style} and TimeZone ${server.time_zone}, not ISO and UTC: a pooler ` +
        "drops them. Set them on the role: alter role … set datestyle to 'ISO'; alter role … set timezone to 'UTC'"
    )
  }
}
