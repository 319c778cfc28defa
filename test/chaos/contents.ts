import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from './client.ts'
import type { Installation } from './environment.ts'
import type { Kept } from './history.ts'
import type { History, Ledger, Row } from './ledger.ts'

/** How often a page is asked for again, and after how long. */
const MAX_REPEATS = 10
const REPEAT_MS = 1000

interface Listed {
  id: string
  title: string
  created_at: string
}

/** Every task of these people, the deleted ones too, as the database has it: past the API and whatever it keeps. */
export const tasksIn = ({ look }: Installation, owners: string[]) =>
  look<Row>(
    'select id, title, description, version, deleted_at is not null as deleted from tasks where owner_id = any($1::uuid[])',
    owners
  )

export const historiesIn = ({ look }: Installation, owners: string[]) =>
  look<History>(
    'select task_id as id, count(*)::int as events, min(version) as first, max(version) as last from task_events where owner_id = any($1::uuid[]) group by task_id',
    owners
  )

/** What each version of one owner's tasks said; the first one, which has no changes, says `first`. */
export const textsIn = ({ look }: Installation, owner: string, first: string) =>
  look<Kept>(
    `select task_id as task, version, case type when 'task.created' then '${first}' else changes->'description'->>'new' end as text from task_events where owner_id = any($1::uuid[])`,
    [owner]
  )

/** Walks everybody's list to its end: nothing is missing, nothing comes twice, and the order is what it says. */
export async function walkLists(clients: Client[], ledger: Ledger): Promise<void> {
  const seen = new Set<string>()
  for (const client of clients) {
    let before: Listed | undefined
    let repeats = 0
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { status, body } = await client.send({
        path: `/api/v1/tasks?limit=100${cursor && `&cursor=${cursor}`}`
      })
      // As any caller may be told, who then comes again: a connection that is gone is noticed when it is used.
      if (status === 503 && repeats++ < MAX_REPEATS) {
        await pause(REPEAT_MS)
        continue
      }
      if (status !== 200) {
        ledger.wrong(
          'a list is read to its end when the fault is over',
          `${status} ${JSON.stringify(body)}`
        )
        break
      }
      for (const task of body.data as Listed[]) {
        if (seen.has(task.id)) {
          ledger.wrong('a list shows a task once', task.id)
        }
        if (
          before &&
          (before.created_at < task.created_at ||
            (before.created_at === task.created_at && before.id < task.id))
        ) {
          ledger.wrong('a list keeps its order', `${before.id} before ${task.id}`)
        }
        seen.add(task.id)
        before = task
      }
      cursor = body.pagination.next_cursor
    }
  }
  for (const task of ledger.alive()) {
    if (!seen.has(task.id)) {
      ledger.wrong('a list shows every task', JSON.stringify(task))
    }
  }
}
