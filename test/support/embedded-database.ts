import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import { createPglite, type Database, embedded } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'

/** A larger table is truncated; for a small one that takes longer than to delete its rows. */
const MANY_BYTES = 262_144

/** An instance with what it is to look like for its next user. */
interface Instance {
  pglite: PGlite
  /** The rows that the migrations have inserted, as JSON by table. */
  rows: Record<string, string>
  /** The transaction in which it was looked at, and the schema then. */
  since: string
  schema: string
}

/** Instances without a user. Starting one takes half a second, and each takes 200 MB. */
const MAX_IDLE = 2
const idle: Instance[] = []
let isReused = false

/**
 * From now on an instance that is closed is emptied for the next user. Each has a timer that keeps the process from
 * ending: for a process that is ended.
 */
export function reuseEmbeddedDatabases(): void {
  isReused = true
}

export const idleDatabases = (): number => idle.length

/** Opens a migrated database of one's own. */
export async function openEmbeddedDatabase(snapshotFile: string): Promise<Database> {
  const instance = idle.pop() ?? (await startInstance(snapshotFile))
  let isClosed = false
  // Whoever still uses it after its end is rejected, as by an instance that is closed.
  const own = new Proxy(instance.pglite, {
    get(target, name) {
      if (isClosed) {
        throw new Error('PGlite is closed')
      }
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    }
  })
  return {
    ...(await embedded(own)),
    close: async () => {
      if (isClosed) {
        throw new Error('PGlite is closed')
      }
      isClosed = true
      await (isReused && idle.length < MAX_IDLE ? recycle(instance) : instance.pglite.close())
    }
  }
}

async function startInstance(snapshotFile: string): Promise<Instance> {
  if (!existsSync(snapshotFile)) {
    await writeSnapshot(snapshotFile)
  }
  const pglite = await createPglite({ loadDataDir: new Blob([readFileSync(snapshotFile)]) })
  const rows: Instance['rows'] = {}
  for (const { name } of await filledTables(pglite)) {
    const result = await pglite.query<{ rows: string }>(
      `SELECT json_agg(to_json(x))::text AS rows FROM ${name} x`
    )
    rows[name] = result.rows[0]?.rows ?? '[]'
  }
  const result = await pglite.query<{ since: string }>(
    'SELECT pg_current_xact_id()::xid::text AS since'
  )
  const since = result.rows[0]?.since ?? ''
  return { pglite, rows, since, schema: await schemaOf(pglite, since) }
}

async function writeSnapshot(file: string): Promise<void> {
  const fresh = await createPglite({})
  await migrate((await embedded(fresh)).db)
  const dump = await fresh.dumpDataDir('none')
  mkdirSync(join(file, '..'), { recursive: true })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, Buffer.from(await dump.arrayBuffer()))
  renameSync(draft, file)
  await fresh.close()
}

/** Brings the rows back to those after the migrations. A test that has changed the schema uses up the instance. */
async function recycle(instance: Instance): Promise<void> {
  const { pglite, rows, since, schema } = instance
  try {
    await pglite.exec('ROLLBACK')
    await pglite.exec('DISCARD ALL')
    if ((await schemaOf(pglite, since)) !== schema) {
      throw new Error('the schema has changed')
    }
    // Triggers guard the history against changes, and foreign keys would have to be followed.
    await pglite.exec('SET session_replication_role = replica')
    const filled = await filledTables(pglite)
    const changes = filled.map(({ name, bytes }) =>
      bytes > MANY_BYTES ? `TRUNCATE ${name} CASCADE` : `DELETE FROM ${name}`
    )
    await pglite.exec(changes.join(';'))
    for (const [name, json] of Object.entries(rows)) {
      await pglite.query(
        `INSERT INTO ${name} SELECT * FROM json_populate_recordset(NULL::${name}, $1)`,
        [json]
      )
    }
    await pglite.exec('DISCARD ALL')
    idle.push(instance)
  } catch {
    await pglite.close()
  }
}

async function filledTables(pglite: PGlite): Promise<{ name: string; bytes: number }[]> {
  const tables = await pglite.query<{ name: string; bytes: number }>(
    `SELECT oid::regclass::text AS name, pg_total_relation_size(oid)::int AS bytes
     FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`
  )
  const isFilled = tables.rows.map(
    ({ name, bytes }) =>
      `SELECT '${name}' AS name, ${bytes} AS bytes WHERE EXISTS (SELECT FROM ${name})`
  )
  const filled = await pglite.query<{ name: string; bytes: number }>(isFilled.join(' UNION ALL '))
  return filled.rows
}

/** Catalogues that no statement of the application writes to. */
const CATALOGUES = [
  'pg_attrdef',
  'pg_attribute',
  'pg_authid',
  'pg_constraint',
  'pg_db_role_setting',
  'pg_extension',
  'pg_index',
  'pg_namespace',
  'pg_policy',
  'pg_proc',
  'pg_rewrite',
  'pg_statistic',
  'pg_trigger',
  'pg_type'
]

/** Names the state of the schema: whoever writes a row of a catalogue leaves a younger one, or fewer rows. */
async function schemaOf(pglite: PGlite, since: string): Promise<string> {
  const states = CATALOGUES.map(
    (name) =>
      `SELECT concat_ws(' ', count(*), count(*) FILTER (WHERE age(xmin) <= age('${since}'::xid))) AS state
       FROM ${name}`
  )
  const relations = `SELECT string_agg(concat_ws(' ', oid, relname, relnamespace, reloptions), ',' ORDER BY oid)
    FROM pg_class WHERE oid >= 16384`
  const result = await pglite.query<{ state: string }>([...states, relations].join(' UNION ALL '))
  return result.rows.map(({ state }) => state).join()
}
