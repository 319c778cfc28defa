import { join } from 'node:path'
import type { PGlite, PGliteOptions } from '@electric-sql/pglite'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import type { QueueStats } from '../lib/concurrency-limit.ts'
import { lockDirectory } from './embedded/lock.ts'
import { ensureDatabase } from './embedded/template.ts'
import { assertDriverPatched } from './postgres-js/patches.ts'
import { type TimeoutOptions, withTimeouts } from './postgres-js/timeouts.ts'
import { type Traced, traced } from './tracing.ts'

/** A database or a transaction, whichever driver is behind it. Inside a transaction use only the transaction. */
export type Db = PgDatabase<PgQueryResultHKT>

/** An open database. `close` waits for what is running. */
export interface Database {
  db: Db
  embedded: boolean
  /** How the queues before a server's connections fare; the embedded database has none. */
  loads: Record<string, () => QueueStats>
  close(): Promise<void>
}

/**
 * `waitMs`: how long work may wait for a connection to a server before it is refused. `isPatient` is for what an operator
 * waits for: none of our deadlines, so that only the role's time-outs end a statement, and a transaction may lift those.
 */
export interface DatabaseOptions {
  url?: string | undefined
  dataDir: string
  pool: number
  waitMs?: number
  traced?: Traced | undefined
  withoutTimeouts?: boolean
}

const WAIT_MS = 1000
const CONNECT_SECONDS = 3
/** Longer than any caller waits: a server that says nothing for so long to a statement is not coming back on this connection. */
const SILENCE_MS = 5000
/** A little more than the longest statement that anybody waits for (migrate.ts). */
const PATIENT_SILENCE_MS = 31 * 60_000
/** Half a second at most between attempts: a restarted server is found again at once (the driver's default grows to 20 s). */
const backoff = (attempt: number): number => Math.min(0.05 * 2 ** attempt, 0.5)

/** Opens PostgreSQL when a URL is given, else the embedded database. Each driver is loaded only when it is used. */
export function openDatabase(options: DatabaseOptions): Promise<Database> {
  return options.url === undefined
    ? openEmbedded(options.dataDir)
    : openServer(options.url, { waitMs: WAIT_MS, ...options })
}

async function openServer(
  url: string,
  {
    traced: span,
    withoutTimeouts,
    ...bounds
  }: TimeoutOptions & Pick<DatabaseOptions, 'traced' | 'withoutTimeouts'>
): Promise<Database> {
  const { default: postgres } = await import('postgres')
  assertDriverPatched()
  const { drizzle } = await import('drizzle-orm/postgres-js')
  const client = postgres(url, {
    max: bounds.pool,
    connect_timeout: CONNECT_SECONDS,
    backoff,
    idle_timeout: 30,
    max_lifetime: 1800,
    // No round trip for the catalogue of types: every parameter's type is known or cast.
    fetch_types: false,
    // Nobody who is patient says the same twice; for the others pooler.ts decides.
    prepare: !withoutTimeouts,
    onnotice() {},
    // Texts of instants are read in UTC. The server's time-outs are set on its role (README, Data): a pooler refuses them here.
    connection: { application_name: 'tasklane', TimeZone: 'UTC' }
  })
  const close = () => client.end({ timeout: 5 })
  // Ours, for the guarded driver (driver-guard.ts).
  Object.assign(client.options, { silence_ms: withoutTimeouts ? PATIENT_SILENCE_MS : SILENCE_MS })
  if (withoutTimeouts) {
    return { db: drizzle(client) as unknown as Db, embedded: false, loads: {}, close }
  }
  const { client: guarded, loads } = withTimeouts(client, bounds)
  return {
    db: drizzle(span ? traced(guarded, span) : guarded) as unknown as Db,
    embedded: false,
    loads,
    close
  }
}

async function openEmbedded(dataDir: string): Promise<Database> {
  const release = lockDirectory(dataDir)
  try {
    const directory = join(dataDir, 'database')
    await ensureDatabase(directory)
    return await embedded(await createPglite({ dataDir: directory }), release)
  } catch (error) {
    release()
    throw error
  }
}

/** PGlite with the extensions that the migrations name; a server brings its own. */
export async function createPglite(options: PGliteOptions): Promise<PGlite> {
  const [{ PGlite }, { btree_gin }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('@electric-sql/pglite/contrib/btree_gin')
  ])
  return PGlite.create({ ...options, extensions: { btree_gin } })
}

/** The embedded database around a PGlite that is already open. */
export async function embedded(pglite: PGlite, release: () => void = () => {}): Promise<Database> {
  const { drizzle } = await import('drizzle-orm/pglite')
  await pglite.exec("set time zone 'UTC'")
  const close = async () => {
    await pglite.close()
    release()
  }
  return { db: drizzle({ client: pglite }) as unknown as Db, embedded: true, loads: {}, close }
}
