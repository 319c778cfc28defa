import { CALLERS } from './data.ts'

const RANDOM_OWNER = `\\set n random(1, ${CALLERS})\n`
/** The id of owner `n`, as in data.sql.ts. */
const OWNER_ID = "('018f2f6e-7c1a-7000-8000-' || lpad(to_hex(:n::int), 12, '0'))::uuid"
const COLUMNS = `
  id, owner_id, assignee_id, title, description, status, priority, due_date, tags,
  status = 'done', completed_at, version, created_at, updated_at, deleted_at`

/** Scripts for pgbench with the statements of the baseline. */
export const listScript = `${RANDOM_OWNER}
  SELECT ${COLUMNS}
  FROM tasks
  WHERE owner_id = ${OWNER_ID} AND deleted_at IS NULL
  ORDER BY created_at DESC, id DESC
  LIMIT 21;`

export const getScript = (id: string): string => `${RANDOM_OWNER}
  SELECT ${COLUMNS}
  FROM tasks
  WHERE owner_id = ${OWNER_ID} AND id = '${id}';`

export const createScript = `${RANDOM_OWNER}
  INSERT INTO tasks (owner_id, id, title, status, priority, tags)
  VALUES (${OWNER_ID}, gen_random_uuid(), 'Created by pgbench', 'todo', 'medium', '{}');`
