/**
 * Where each table is when the database is distributed over several servers by Citus.
 *
 * Distributed: owned rows, each in the shard of its owner, so that what commits together is on one server. The column
 * is the first of every key.
 */
export const DISTRIBUTED: Readonly<Record<string, string>> = {
  owners: 'owner_id',
  tasks: 'owner_id',
  task_events: 'owner_id',
  task_comments: 'owner_id',
  list_changes: 'owner_id',
  task_imports: 'owner_id',
  task_import_blocks: 'owner_id',
  task_import_errors: 'owner_id',
  // A key commits with what it guards.
  idempotency_keys: 'caller_id'
}

/**
 * On the coordinator: what is found by a name, an address, a hash or a person, whoever owns it, and the queues of
 * workers. All of it is small beside the tasks.
 */
export const ON_COORDINATOR: readonly string[] = [
  'users',
  'first_admin',
  'sessions',
  'refresh_tokens',
  'api_keys',
  'one_time_codes',
  'password_links',
  'email_counters',
  'login_throttle',
  'ip_bans',
  'ip_violations',
  'audit_events',
  'change_clock',
  'access_changes',
  'change_tickets',
  // Who may see which lists: read with each caller, found by the member, and locked by the id alone.
  'projects',
  'project_members',
  'invitations',
  // Says which owners to ask.
  'task_assigners',
  // Leased across owners, and written by nothing that a task commits with.
  'webhooks',
  'webhook_deliveries',
  'account_storage'
]
