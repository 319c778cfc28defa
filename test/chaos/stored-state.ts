import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from './client.ts'
import type { Environment } from './environment.ts'
import type { StoredHistory, StoredTask } from './ledger.ts'
import type { StoredVersion } from './linearizability.ts'
import { checkList, type ListEntry, type ListViolation } from './list-checks.ts'

/** How often a page that was rejected with 503 is requested again, and after how long. */
const MAX_RETRIES = 10
const RETRY_MS = 1000

const SELECT_TASKS = `
  SELECT id, title, description, version, deleted_at IS NOT NULL AS deleted
  FROM tasks
  WHERE owner_id = ANY($1::uuid[])`

const SELECT_HISTORIES = `
  SELECT task_id AS id, count(*)::int AS events, min(version) AS first, max(version) AS last
  FROM task_events
  WHERE owner_id = ANY($1::uuid[])
  GROUP BY task_id`

const selectVersions = (firstDescription: string) => `
  SELECT
    task_id AS task,
    version,
    CASE type
      WHEN 'task.created' THEN '${firstDescription}'
      ELSE changes->'description'->>'new'
    END AS text
  FROM task_events
  WHERE owner_id = ANY($1::uuid[])`

/** Reads every task of these owners from the database itself, deleted ones included. */
export const findTasks = ({ query }: Environment, owners: string[]) =>
  query<StoredTask>(SELECT_TASKS, owners)

/** Reads one summary of its events for each task of these owners. */
export const findHistories = ({ query }: Environment, owners: string[]) =>
  query<StoredHistory>(SELECT_HISTORIES, owners)

/** Reads the description in each version of an owner's tasks; the first is a parameter, since its event lacks it. */
export const findVersions = (
  { query }: Environment,
  owner: string,
  firstDescription: string
): Promise<StoredVersion[]> => query<StoredVersion>(selectVersions(firstDescription), [owner])

/** Reads each client's list to its end; checks its order, and that it shows every task of `expectedIds` once. */
export async function checkLists(
  clients: Client[],
  expectedIds: string[]
): Promise<ListViolation[]> {
  const violations: ListViolation[] = []
  const entries: ListEntry[] = []
  for (const client of clients) {
    const list = await readList(client)
    entries.push(...list.entries)
    violations.push(...checkList(list.entries))
    if (list.failure !== undefined) {
      violations.push(['a list can be read to its end once the fault is over', list.failure])
    }
  }
  const seen = new Set(entries.map(({ id }) => id))
  const missing = expectedIds.filter((id) => !seen.has(id))
  return [...violations, ...missing.map((id): ListViolation => ['a list shows every task', id])]
}

async function readList(client: Client): Promise<{ entries: ListEntry[]; failure?: string }> {
  const entries: ListEntry[] = []
  let retries = 0
  let cursor: string | null = ''
  while (cursor !== null) {
    const { status, body } = await client.send({
      path: `/api/v1/tasks?limit=100${cursor && `&cursor=${cursor}`}`
    })
    // A dead connection is only noticed when it is used: a 503 is allowed here, too.
    if (status === 503 && retries++ < MAX_RETRIES) {
      await pause(RETRY_MS)
      continue
    }
    if (status !== 200) {
      return { entries, failure: `${status} ${JSON.stringify(body)}` }
    }
    entries.push(...body.data)
    cursor = body.pagination.next_cursor
  }
  return { entries }
}
