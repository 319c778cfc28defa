import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { executeRows } from '../rows.ts'
import { DISTRIBUTED } from '../tables/places.ts'
import { fillAssigners } from '../task-assigners.ts'
import { listDistributedTables } from './distribution.ts'

/** A foreign key from or to a table that is about to be distributed. */
type ForeignKey = {
  name: string
  table: string
  target: string
  definition: string
}

export interface Plan {
  /** What is distributed now, in this order. */
  tables: { name: string; column: string }[]
  /** One line for each step. */
  statements: string[]
}

/** Returns what has to be done until every owned table is distributed; nothing where they all are. */
export async function planDistribution(db: Db, shards: number): Promise<Plan> {
  const done = await listDistributedTables(db)
  const tables = Object.entries(DISTRIBUTED)
    .filter(([name]) => !done.includes(name))
    .map(([name, column]) => ({ name, column }))
  if (tables.length === 0) {
    return { tables, statements: [] }
  }
  const names = tables.map(({ name }) => name)
  const keys = await listForeignKeys(db, names)
  return {
    tables,
    statements: [
      // Its rows are written with the account by every version that knows how to be distributed.
      ...(names.includes('owners') ? ['DROP TRIGGER IF EXISTS users_add_owner ON users'] : []),
      ...keys.map(({ table, name }) => `ALTER TABLE ${table} DROP CONSTRAINT "${name}"`),
      ...tables.map((table) => createTable(table, shards)),
      ...keys.flatMap(restoredKey)
    ]
  }
}

/** Carries out a plan in one transaction: all of it is done, or nothing. */
export async function distribute(db: Db, { tables, statements }: Plan): Promise<void> {
  await db.transaction(async (tx) => {
    for (const setting of [
      'statement_timeout = 0',
      'idle_in_transaction_session_timeout = 0',
      // Foreign keys between tables that this same transaction distributes.
      "citus.multi_shard_modify_mode = 'sequential'"
    ]) {
      await tx.execute(sql.raw(`SET LOCAL ${setting}`))
    }
    if (tables.some(({ name }) => name === 'tasks')) {
      // Instances of the previous release do not note it.
      await fillAssigners(tx)
    }
    for (const statement of statements) {
      await tx.execute(sql.raw(statement))
    }
  })
}

/** Pairs that one statement notes. */
const PAIRS = 5000

/**
 * Notes in a distributed database who has given personal tasks to whom, where that is not noted: a coordinator that
 * died between two commits has the task and not the note.
 */
export async function repairAssigners(db: Db): Promise<void> {
  const pairs = await executeRows<{ assignee_id: string; owner_id: string }>(
    db,
    sql`
      SELECT DISTINCT assignee_id, owner_id
      FROM tasks
      WHERE assignee_id IS NOT NULL AND project_id IS NULL AND assignee_id <> owner_id`
  )
  for (let i = 0; i < pairs.length; i += PAIRS) {
    await db.execute(sql`
      INSERT INTO task_assigners (assignee_id, owner_id)
      SELECT v.assignee_id, v.owner_id
      FROM jsonb_to_recordset(${JSON.stringify(pairs.slice(i, i + PAIRS))}::jsonb)
        AS v(assignee_id uuid, owner_id uuid)
      JOIN users a ON a.id = v.assignee_id
      JOIN users o ON o.id = v.owner_id
      ON CONFLICT DO NOTHING`)
  }
}

const createTable = (table: { name: string; column: string }, shards: number): string =>
  table.name === 'owners'
    ? `SELECT create_distributed_table('owners', 'owner_id', colocate_with => 'none', shard_count => ${shards})`
    : `SELECT create_distributed_table('${table.name}', '${table.column}', colocate_with => 'owners')`

const isOwned = (table: string): boolean => Object.hasOwn(DISTRIBUTED, table)

/**
 * Returns the key as it can be between distributed tables; from the owners to the accounts there is none, since they
 * are on different servers. What goes to another owner is written anew: no key follows a changed owner.
 */
const restoredKey = ({ table, target, name, definition }: ForeignKey): string[] =>
  isOwned(table) && isOwned(target)
    ? [
        `ALTER TABLE ${table} ADD CONSTRAINT "${name}" ${definition.replace(' ON UPDATE CASCADE', '')}`
      ]
    : []

function listForeignKeys(db: Db, tables: string[]): Promise<ForeignKey[]> {
  const named = (column: string): SQL =>
    sql`${sql.raw(column)} = ANY(${`{${tables.join()}}`}::text[])`
  return executeRows<ForeignKey>(
    db,
    sql`
      SELECT
        k.conname AS name, t.relname AS table, f.relname AS target, pg_get_constraintdef(k.oid) AS definition
      FROM pg_constraint k
      JOIN pg_class t ON t.oid = k.conrelid
      JOIN pg_class f ON f.oid = k.confrelid
      WHERE k.contype = 'f'
        AND t.relnamespace = current_schema()::regnamespace
        AND (${named('t.relname')} OR ${named('f.relname')})
      ORDER BY t.relname, k.conname`
  )
}
