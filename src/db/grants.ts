import { sql } from 'drizzle-orm'
import type { Db } from './client.ts'
import { executeRows } from './rows.ts'
import { UnsuitableDatabaseError } from './unsuitable-database.ts'

/** Written to by migrations alone. */
const READ_ONLY = ['schema_migrations']

/** Any number that all instances share: the ASCII codes of 'gran'. */
const GRANT_LOCK = 0x6772616e

/**
 * Gives the role that serves the rights that it needs, and takes those that it must not have: the audit log can only be
 * added to, and changed by functions that allow no more than they must. The caller is the owner of the tables.
 */
export async function grantToServingRole(db: Db, role: string): Promise<void> {
  const [serving] = await executeRows<{ owner: string; schema: string; quoted: string }>(
    db,
    sql`
      SELECT current_user AS owner, quote_ident(current_schema()) AS schema, quote_ident(rolname) AS quoted
      FROM pg_roles
      WHERE rolname = ${role}`
  )
  if (!serving) {
    throw new UnsuitableDatabaseError(`The role ${role} of DATABASE_URL does not exist.`)
  }
  if (serving.owner === role) {
    return
  }
  const { schema, quoted } = serving
  await db.transaction(async (tx) => {
    // Two sessions that grant at once would get in each other's way.
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${GRANT_LOCK})`)
    const run = (statement: string) => tx.execute(sql.raw(statement))
    await run(`GRANT USAGE ON SCHEMA ${schema} TO ${quoted}`)
    for (const found of await relationsOf(tx)) {
      const { name, relation, is_sequence } = found
      await run(
        `GRANT ${rightsOf(found)} ON ${is_sequence ? 'SEQUENCE ' : ''}${relation} TO ${quoted}`
      )
      if (isAuditLog(name) && !is_sequence) {
        await run(`REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON ${relation} FROM ${quoted}`)
      }
    }
    for (const { signature } of await auditFunctionsOf(tx)) {
      await run(`REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`)
      await run(`GRANT EXECUTE ON FUNCTION ${signature} TO ${quoted}`)
    }
  })
}

const isAuditLog = (name: string): boolean => name.startsWith('audit_events')

function rightsOf({ name, is_sequence }: Relation): string {
  if (is_sequence) {
    return 'USAGE, SELECT'
  }
  if (READ_ONLY.includes(name)) {
    return 'SELECT'
  }
  return isAuditLog(name) ? 'SELECT, INSERT' : 'SELECT, INSERT, UPDATE, DELETE'
}

interface Relation extends Record<string, unknown> {
  name: string
  /** The name as it is written in a statement. */
  relation: string
  is_sequence: boolean
}

/** Lists what the schema holds and is ours to give. */
function relationsOf(db: Db) {
  return executeRows<Relation>(
    db,
    sql`
      SELECT relname AS name, oid::regclass::text AS relation, relkind = 'S' AS is_sequence
      FROM pg_class
      WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
        AND relkind IN ('r', 'p', 'S')
        AND pg_has_role(current_user, relowner, 'MEMBER')
      ORDER BY relname`
  )
}

/** Lists the functions of ours that may change the audit log. */
function auditFunctionsOf(db: Db) {
  return executeRows<{ signature: string }>(
    db,
    sql`
      SELECT oid::regprocedure::text AS signature
      FROM pg_proc
      WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
        AND proname IN ('audit_events_forget', 'audit_events_purge')
        AND pg_has_role(current_user, proowner, 'MEMBER')
      ORDER BY 1`
  )
}
