import type { Db } from '../db/client.ts'
import { auditEvents } from '../db/tables/audit-events.ts'
import { newId } from '../lib/uuid.ts'
import type { Actor, RequestContext } from './context.ts'

/** What an event is about, as `{ type: id }` with the type that the log shows, such as `{ user: id }`. */
export type AuditSubject = Record<string, string | null>
type Outcome = 'succeeded' | 'failed' | 'refused'
type AuditContext = RequestContext<Actor | null>

/** One entry of the log. An unsuccessful attempt has the same action and another outcome. */
export interface AuditEntry {
  /** A past fact, such as `user.deleted`. */
  action: string
  subject?: AuditSubject | undefined
  /** What exactly, in a few words, such as the changed fields. Nothing personal or secret: it is never deleted. */
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
        id: newId(),
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
  /** Records a change in its transaction: both commit, or neither. */
  succeeded: (
    tx: Db,
    ctx: AuditContext,
    action: string,
    subject?: AuditSubject,
    detail?: string | null
  ): Promise<void> => insert(tx, ctx, 'succeeded', [{ action, subject, detail }]),
  /** Records several events of one change in one statement. */
  succeededAll: (tx: Db, ctx: AuditContext, entries: AuditEntry[]): Promise<void> =>
    insert(tx, ctx, 'succeeded', entries),
  /** Records an attempt with wrong credentials or codes, outside of transactions, so that no rollback removes it. */
  failed: (
    db: Db,
    ctx: AuditContext,
    action: string,
    subject?: AuditSubject,
    detail?: string | null
  ): Promise<void> => insert(db, ctx, 'failed', [{ action, subject, detail }]),
  /** Records an attempt without permission, likewise. */
  refused: (
    db: Db,
    ctx: AuditContext,
    action: string,
    subject?: AuditSubject,
    detail?: string | null
  ): Promise<void> => insert(db, ctx, 'refused', [{ action, subject, detail }])
}
