import { v7 as uuidv7 } from 'uuid'
import type { Db } from '../db/client.ts'
import { auditEvents } from '../db/tables/audit-events.ts'

/** What is remembered of an act upon accounts, sessions, keys, roles and bans. Actions are past facts: `user.role_changed`. */
export interface AuditFact {
  action: string
  outcome: 'succeeded' | 'failed' | 'refused'
  actor_id: string | null
  actor_name: string | null
  subject_type: 'user' | 'session' | 'api_key' | 'ip_ban' | 'task' | null
  subject_id: string | null
  address: string | null
  request_id: string
}

/** Writes a fact in the transaction of the change; a failed attempt is a statement of its own, so that no rollback takes it along. */
export async function recordAudit (tx: Db, ...facts: AuditFact[]): Promise<void> {
  await tx.insert(auditEvents).values(facts.map((fact) => ({ ...fact, id: uuidv7() })))
}
