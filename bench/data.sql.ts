/** SQL that fills a database for benchmarks: ids, titles and dates are derived from numbers, the same in every run. */

/** When the first task was created. Tasks of a later year were created by a run. */
const START = "timestamptz '2025-06-15'"

/** SQL for the title of an owner's n-th task; few words, so that a search finds some hundreds. */
const titleOf = (n: string): string => `
  (array['Paint','Oil','Ring','Mend','Sweep','Call','Order'])[1 + ${n} % 7]
  || ' the '
  || (array[
       'door','hinge','bell','roof','floor','baker','wood','shelf','window','gate','lamp'
     ])[1 + ${n} % 11]
  || ' no. ' || ${n}`

/** SQL for the id of the n-th owner. */
const ownerIdOf = (n: string): string =>
  `('018f2f6e-7c1a-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`

export const insertOwners = (owners: number, passwordHash: string): string => `
  INSERT INTO users (id, username, name, role, password_hash)
  SELECT ${ownerIdOf('n')}, 'owner-' || n, 'Owner ' || n, 'user', '${passwordHash}'
  FROM generate_series(0, ${owners}::int) n`

/** Inserts tasks of the owners 1 to N, interleaved as they would be in use. */
export const insertTasks = (owners: number, tasksPerOwner: number): string =>
  insertTaskRows('o', `generate_series(1, ${tasksPerOwner}) n, generate_series(1, ${owners}) o`)

/** Inserts tasks of owner 0, who has more than anybody else. */
export const insertBigOwnerTasks = (tasks: number): string =>
  insertTaskRows('0', `generate_series(1, ${tasks}) n, (VALUES (0)) AS big(o)`)

const insertTaskRows = (owner: string, numbers: string): string => `
  INSERT INTO tasks (
    owner_id, id, title, description, status, priority,
    due_date, tags, completed_at, created_at, updated_at
  )
  SELECT
    ${ownerIdOf(owner)},
    (
      lpad(to_hex(1750000000000 + n * 1000 + o), 12, '0')
      || '-7000-8000-' || substr(md5(n || ' ' || o), 1, 12)
    )::uuid,
    ${titleOf('n')},
    CASE WHEN n % 3 = 0 THEN
      'Bring the ' || (array['ladder','bucket','brush','hammer'])[1 + n % 4]
      || ' and ask ' || substr(md5(n::text), 1, 6)
    END,
    (array['todo','in_progress','done'])[1 + n % 3]::task_status,
    (array['low','medium','high'])[1 + (n / 3) % 3]::task_priority,
    CASE WHEN n % 4 > 0 THEN
      timestamptz '2026-01-01' + (n * 7919 % 500000) * interval '1 minute'
    END,
    CASE WHEN n % 5 = 0 THEN array['house', 'week-' || n % 50] ELSE '{}' END,
    CASE WHEN n % 3 = 2 THEN ${START} END,
    ${START} + n * interval '1 second' + o * interval '1 ms',
    ${START} + n * interval '1 second' + o * interval '1 ms'
  FROM ${numbers}`

export const INSERT_EVENTS = `
  INSERT INTO task_events (
    owner_id, task_id, version, id, type, actor_id, request_id, changes, created_at
  )
  SELECT owner_id, id, 1, id, 'task.created', owner_id, 'seed', '{}', created_at
  FROM tasks`

/**
 * The same rows once more for the baseline, in a table as somebody writes it who needs these routes and nothing else:
 * the primary key, and an index for the list.
 */
export const FILL_BASELINE = [
  'CREATE SCHEMA baseline',
  `CREATE TABLE baseline.tasks (
     id uuid PRIMARY KEY,
     owner_id uuid NOT NULL,
     title text NOT NULL,
     description text,
     status text NOT NULL,
     priority text NOT NULL,
     due_date timestamptz,
     tags text[] NOT NULL,
     completed_at timestamptz,
     version integer NOT NULL DEFAULT 1,
     created_at timestamptz NOT NULL DEFAULT now(),
     updated_at timestamptz NOT NULL DEFAULT now()
   )`,
  `INSERT INTO baseline.tasks
   SELECT
     id, owner_id, title, description, status, priority, due_date, tags, completed_at, version,
     created_at, updated_at
   FROM tasks`,
  'CREATE INDEX ON baseline.tasks (owner_id, created_at, id)'
]

/** Opens a session for every owner, whose id is that of the owner, for as long as a run may take. */
export const OPEN_SESSIONS = `
  INSERT INTO sessions (id, user_id, address_prefix, idle_expires_at, expires_at)
  SELECT id, id, '127.0.0.1', now() + interval '1 day', now() + interval '1 day' FROM users`

/** SQL for the megabytes that each takes on disk, with its indexes. */
export const SIZES = `
  SELECT
    sum(pg_total_relation_size(c.oid)) FILTER (WHERE nspname = 'public') / 1e6 AS tasklane,
    sum(pg_total_relation_size(c.oid)) FILTER (WHERE nspname = 'baseline') / 1e6 AS baseline
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = relnamespace
  WHERE relkind = 'r'`
