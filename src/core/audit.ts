import { v7 as uuidv7 } from 'uuid'
import type { Db } from '../db/client.ts'
import { auditEvents } from '../db/tables/audit-events.ts'
import type { Actor, RequestContext } from './context.ts'

/**
 * What an event is about, as `{ type: id }` with the type that the log shows, such as `{ user: id }`. Features say
 * which types there are.
 */
export type AuditSubject = Record<string, string | null>
type Outcome = 'succeeded' | 'failed' | 'refused'
type AuditContext = RequestContext<Actor | null>

/** One entry of the log. An attempt that came to nothing has the same action and another outcome. */
export interface AuditEntry {
  /** A past fact, such as `user.deleted`. */
  action: string
  subject?: AuditSubject | undefined
  /** What exactly, in a few words, such as the changed fields. Nothing personal, nothing secret: it stays for ever. */
  detail?: string | null | undefined
}

async function insert(
  db: Db,
  ctx: AuditContext,
  outcome: Outcome,
  entries: AuditEntry[]
): Promise<void> {
  if (entries.length === 0) {
    return
  }
  await db.insert(auditEvents).values(
    entries.map(({ action, subject = {}, detail = null }) => {
      const [subject_type = null, subject_id = null] = Object.entries(subject)[0] ?? []
      return {
        id: uuidv7(),
        action,
        outcome,
        subject_type,
        subject_id,
        detail,
        actor_id: ctx.caller?.id ?? null,
        actor_name: ctx.caller?.name ?? null,
        address: ctx.ip,
        request_id: ctx.requestId
      }
    })
  )
}

/** Writes the audit log. */
export const audit = {
  /** In the transaction of the change: together they commit, together they vanish. */
  succeeded: (
    tx: Db,
    ctx: AuditContext,
    action: string,
    subject?: AuditSubject,
    detail?: string | null
  ): Promise<void> => insert(tx, ctx, 'succeeded', [{ action, subject, detail }]),
  /** Several events of one change in one statement. */
  succeededAll: (tx: Db, ctx: AuditContext, entries: AuditEntry[]): Promise<void> =>
    insert(tx, ctx, 'succeeded', entries),
  /** An attempt with wrong credentials or codes, as a statement of its own, so that no rollback takes it along. */
  failed: (
    db: Db,
    ctx: AuditContext,
    action: string,
    subject?: AuditSubject,
    detail?: string | null
  ): Promise<void> => insert(db, ctx, 'failed', [{ action, subject, detail }]),
  /** An attempt without the right to it, likewise. */
  refused: (
    db: Db,
    ctx: AuditContext,
    action: string,
    subject?: AuditSubject,
    detail?: string | null
  ): Promise<void> => insert(db, ctx, 'refused', [{ action, subject, detail }])
}
