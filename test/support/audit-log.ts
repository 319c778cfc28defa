import { asc, notInArray } from 'drizzle-orm'
import type { Db } from '../../src/db/client.ts'
import { auditEvents } from '../../src/db/tables/audit-events.ts'

/** Everything the audit log remembers, oldest first, save for some actions. */
export async function auditEntries(db: Db, ...except: string[]) {
  const rows = await db
    .select()
    .from(auditEvents)
    .where(except.length > 0 ? notInArray(auditEvents.action, except) : undefined)
    .orderBy(asc(auditEvents.created_at), asc(auditEvents.id))
  return rows.map(({ id, created_at, ...fact }) => fact)
}

/** What a fact is, in short: the action, and how it ended when it did not succeed. */
export const summarize = ({ action, outcome }: { action: string; outcome: string }): string =>
  outcome === 'succeeded' ? action : `${action} ${outcome}`
