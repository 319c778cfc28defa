import { sql } from 'drizzle-orm'
import type { Db } from './client.ts'
import { executeRows } from './rows.ts'
import { UnsuitableDatabaseError } from './unsuitable-database.ts'

const HOW =
  'Give DATABASE_URL a role of its own, and DATABASE_MIGRATION_URL the owner: see docs/deployment.md'

/**
 * Throws UnsuitableDatabaseError for a role that production must not serve with: a superuser, or one that could rewrite
 * the audit log, since whoever takes over a session of it could hide what they did.
 */
export async function checkServingRole(db: Db): Promise<void> {
  const [role] = await executeRows<{
    name: string
    is_superuser: boolean
    owns_schema: boolean
    owns_log: boolean
    rights: string | null
  }>(
    db,
    sql`
      SELECT current_user AS name,
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser,
        (
          SELECT pg_has_role(current_user, nspowner, 'MEMBER')
          FROM pg_namespace
          WHERE nspname = current_schema()
        ) AS owns_schema,
        coalesce(bool_or(pg_has_role(current_user, log.relowner, 'MEMBER')), false) AS owns_log,
        string_agg(DISTINCT privilege, ', ') FILTER (
          WHERE has_table_privilege(current_user, log.oid, privilege)
        ) AS rights
      FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS privilege
      LEFT JOIN pg_class log
        ON log.relname LIKE 'audit\\_events%'
        AND log.relkind IN ('r', 'p')
        AND log.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())`
  )
  if (!role) {
    return
  }
  const fault =
    (role.is_superuser && 'is a superuser, which may do anything in the whole server') ||
    (role.owns_log && 'owns the audit log, and so could rewrite it') ||
    (role.owns_schema && 'owns the schema of the audit log, and so could replace it') ||
    (role.rights && `has the right to ${role.rights} in the audit log`)
  if (fault) {
    throw new UnsuitableDatabaseError(
      `The role ${role.name} of DATABASE_URL ${fault}; production refuses it. ${HOW}`
    )
  }
}
