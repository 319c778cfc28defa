import { type SQL, sql } from 'drizzle-orm'
import { assigneeChangesCte } from '../../core/change-feed.ts'
import type { Actor, RequestContext } from '../../core/context.ts'
import { isDistributed } from '../../db/citus/distribution.ts'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { positionAt } from '../../db/tables/tasks.ts'
import { fieldDefinitions, fieldList, storedFieldList } from './columns.sql.ts'
import { createdBy } from './create.queries.ts'
import { eventOrigin, taskEventsCte } from './events.queries.ts'
import type { FieldValues } from './fields.ts'

/**
 * A normalized new task with its id and the id of its event, as JSON: what is absent is null. It was created and
 * finished now, unless it comes from elsewhere with other times.
 */
export type TaskRecord = Partial<FieldValues> & {
  id: string
  event_id: string
  created_at?: string
  completed_at?: string
  /** Where it is in its list; without it, behind the records before it at the end of the list. */
  position?: string
  /** Set where the records of one statement go into several lists. */
  owner_id?: string
  created_by?: string | null
  /** The version with which it begins; 1 where it is absent. */
  version?: number | undefined
}

/** What sorts the records of one statement, and the end of the id, so that those of several differ. */
const placeOfRecord = sql`(lpad(to_hex(ordinality), 8, '0') || right(id::text, 8))`

/** Where records go that do not say so themselves. */
interface RecordList {
  owner_id: string
  project_id: string | null
}

/**
 * Creates a task and its event from each `TaskRecord` of JSON arrays; returns their number. `arrays` is a statement
 * that selects the arrays, and `limit` takes the first records in the order of ids. One statement does it all, but
 * where tasks are distributed: what it has read for one table and another would be sent to every node.
 */
export async function insertTaskRecords(
  tx: Db,
  ctx: RequestContext<Actor>,
  arrays: SQL,
  list: RecordList,
  limit?: number
): Promise<number> {
  const inserts = insertsInto(ctx, list)
  if (await isDistributed(tx)) {
    return insertApart(tx, inserts, list, await readRecords(tx, arrays, limit))
  }
  const given = sql`given`
  const [created] = await executeRows<{ count: number }>(
    tx,
    sql`
      WITH given AS MATERIALIZED (${rowsOf(arrays, list, limit)}),
      created AS (${inserts.tasks(given)} RETURNING 1),
      events AS (${inserts.events(given)}),
      for_assignees AS (${inserts.forAssignees(given)})
      SELECT count(*)::int AS count FROM created`
  )
  return created?.count ?? 0
}

/** Selects the records of JSON arrays as rows. */
function rowsOf(arrays: SQL, { project_id }: RecordList, limit?: number): SQL {
  const first = limit === undefined ? sql`` : sql`ORDER BY t.id LIMIT ${limit}`
  return sql`
    SELECT t.*, ${project_id}::uuid AS list_project_id, now() AS moment
    FROM (${arrays}) AS stored (records),
      ROWS FROM (
        jsonb_to_recordset(stored.records)
          AS (
            owner_id uuid, created_by uuid, id uuid, version int, event_id uuid, ${fieldDefinitions},
            created_at timestamptz, completed_at timestamptz, position text
          )
      ) WITH ORDINALITY AS t
    ${first}`
}

/** Returns the statements that create tasks and what is written with them, from a table of records. */
function insertsInto(ctx: RequestContext<Actor>, { owner_id }: RecordList) {
  const owner = sql`coalesce(owner_id, ${owner_id}::uuid)`
  const origin = eventOrigin(ctx)
  const eventRows = (given: SQL) => sql`
    SELECT
      ${owner} AS owner_id, id, coalesce(version, 1) AS version, event_id, '{}'::jsonb AS changes,
      coalesce(project_id, list_project_id) AS project_id, assignee_id
    FROM ${given}`
  return {
    tasks: (given: SQL) => sql`
      INSERT INTO tasks (
        owner_id, created_by, id, version, ${fieldList}, created_at, completed_at, position
      )
      SELECT
        ${owner}, coalesce(created_by, ${createdBy(ctx, owner_id)}::uuid), id,
        coalesce(version, 1), ${storedFieldList}, least(created_at, moment),
        CASE WHEN status = 'done' THEN least(completed_at, moment) END,
        coalesce(position, ${positionAt(sql`moment`, placeOfRecord)})
      FROM ${given}`,
    events: (given: SQL) =>
      taskEventsCte('task.created', { owner_id: sql`owner_id`, ...origin }, eventRows(given)),
    forAssignees: (given: SQL) => assigneeChangesCte('task.created', origin, eventRows(given))
  }
}

async function readRecords(tx: Db, arrays: SQL, limit?: number): Promise<TaskRecord[]> {
  const stored = await executeRows<{ records: TaskRecord[] }>(
    tx,
    sql`SELECT records FROM (${arrays}) AS stored (records)`
  )
  const records = stored.flatMap((row) => row.records)
  if (limit === undefined) {
    return records
  }
  const first = new Set(records.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit))
  return records.filter((record) => first.has(record))
}

/** Creates tasks in a statement for each table, which goes to no other node than those of their owners. */
async function insertApart(
  tx: Db,
  inserts: ReturnType<typeof insertsInto>,
  list: RecordList,
  records: TaskRecord[]
): Promise<number> {
  const given = (rows: object[]) =>
    sql`(${rowsOf(sql`SELECT ${JSON.stringify(rows)}::jsonb`, list)}) AS given`
  const facts = records.map(({ owner_id, id, version, event_id, project_id, assignee_id }) => ({
    owner_id,
    id,
    version,
    event_id,
    project_id,
    assignee_id
  }))
  await tx.execute(inserts.tasks(given(records)))
  await tx.execute(inserts.events(given(facts)))
  const assigned = facts.filter(({ assignee_id }) => assignee_id != null)
  if (assigned.length > 0) {
    await tx.execute(inserts.forAssignees(given(assigned)))
  }
  return records.length
}
