import { v7 as uuidv7 } from 'uuid'
import type { Db } from '../db/client.ts'
import { auditEvents } from '../db/tables/audit-events.ts'
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

// --- Replaced by the above; goes when the last caller has changed.
/** Everything the log may say, as past facts. An attempt that came to nothing has the same name and another outcome. */
export const AUDIT_ACTIONS = [
  'user.registered',
  'user.logged_in',
  'user.logged_out',
  'user.profile_changed',
  'user.password_changed',
  'user.deleted',
  'user.reset_requested',
  'user.reset_code_checked',
  'user.password_reset',
  'user.verification_requested',
  'user.email_verified',
  'user.email_change_requested',
  'user.email_changed',
  'api_key.created',
  'api_key.revoked',
  'user.role_changed',
  'user.disabled',
  'user.enabled',
  'user.sessions_ended',
  'session.refreshed',
  'session.ended',
  'session.reuse_detected',
  'access.refused',
  'ip_ban.created',
  'ip_ban.lifted'
] as const
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/** From where something is done. */
export interface Source {
  address: string | null
  request_id: string
}

/** Who does something, from where; id and name are null for somebody unknown. */
export interface OldActor extends Source {
  actor_id: string | null
  actor_name: string | null
}

/** What is remembered of an act upon accounts, sessions, keys, roles and bans. */
export interface AuditFact extends OldActor {
  action: AuditAction
  outcome: 'succeeded' | 'failed' | 'refused'
  subject_type: 'user' | 'session' | 'api_key' | 'ip_ban' | 'task' | 'task_import' | null
  subject_id: string | null
  detail?: string | null
}

export async function recordAudit(tx: Db, ...facts: AuditFact[]): Promise<void> {
  if (facts.length > 0) {
    await tx.insert(auditEvents).values(facts.map((fact) => ({ ...fact, id: uuidv7() })))
  }
}

/** A person as the actor of what they do. */
export const actorNamed = (
  source: Source,
  user: { id: string; username: string | null; email: string | null }
): OldActor => ({ ...source, actor_id: user.id, actor_name: user.username ?? user.email })
/** Somebody who has not shown who they are. */
export const unknownActor = (source: Source): OldActor => ({
  ...source,
  actor_id: null,
  actor_name: null
})
