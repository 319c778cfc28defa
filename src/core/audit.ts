import { v7 as uuidv7 } from 'uuid'
import type { Db } from '../db/client.ts'
import { auditEvents } from '../db/tables/audit-events.ts'

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
export interface Actor extends Source {
  actor_id: string | null
  actor_name: string | null
}

/** What is remembered of an act upon accounts, sessions, keys, roles and bans. */
export interface AuditFact extends Actor {
  action: AuditAction
  outcome: 'succeeded' | 'failed' | 'refused'
  subject_type: 'user' | 'session' | 'api_key' | 'ip_ban' | 'task' | 'task_import' | null
  subject_id: string | null
  /** What exactly, in a few words, such as the fields that changed. Nothing personal, nothing secret: it stays for ever. */
  detail?: string | null
}

/** Writes facts in the transaction of the change; a failed attempt is a statement of its own, so that no rollback takes it along. */
export async function recordAudit(tx: Db, ...facts: AuditFact[]): Promise<void> {
  if (facts.length > 0) {
    await tx.insert(auditEvents).values(facts.map((fact) => ({ ...fact, id: uuidv7() })))
  }
}

/** A person as the actor of what they do. */
export const actorNamed = (
  source: Source,
  user: { id: string; username: string | null; email: string | null }
): Actor => ({ ...source, actor_id: user.id, actor_name: user.username ?? user.email })
/** Somebody who has not shown who they are. */
export const unknownActor = (source: Source): Actor => ({
  ...source,
  actor_id: null,
  actor_name: null
})
