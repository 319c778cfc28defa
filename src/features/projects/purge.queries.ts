import { inArray, sql } from 'drizzle-orm'
import { NIL } from 'uuid'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import { projects } from '../../db/tables/projects.ts'
import { tasks } from '../../db/tables/tasks.ts'
import type { Project } from './schema.ts'

/** Deletes projects that have been in the trash for more than `afterDays` and have no tasks left; returns their ids. */
export async function purgeDeletedProjects(
  tx: Db,
  afterDays: number,
  limit: number
): Promise<string[]> {
  // The locks keep them in the trash, where no task is added to them.
  const due = await listEmptyInTrash(tx, afterDays, limit)
  if (due.length > 0) {
    await tx.delete(projects).where(inArray(projects.id, due))
  }
  return due
}

async function listEmptyInTrash(tx: Db, afterDays: number, limit: number): Promise<string[]> {
  const empty: string[] = []
  let after: string = NIL
  for (;;) {
    const locked = await executeRows<{ owner_id: string; id: string }>(
      tx,
      sql`
        SELECT owner_id, id
        FROM projects
        WHERE deleted_at < now() - make_interval(days => ${afterDays}) AND id > ${after}::uuid
        ORDER BY id
        LIMIT ${limit}
        FOR UPDATE SKIP LOCKED`
    )
    empty.push(...(await listWithoutTasks(tx, locked)))
    const last = locked.at(-1)
    if (last === undefined || locked.length < limit || empty.length >= limit) {
      return empty
    }
    after = last.id
  }
}

/** Returns which of some projects have no task, owner by owner: tasks may be stored on another server. */
async function listWithoutTasks(
  tx: Db,
  some: Pick<Project, 'owner_id' | 'id'>[]
): Promise<string[]> {
  const used = new Set<string>()
  for (const [owner, own] of Map.groupBy(some, ({ owner_id }) => owner_id)) {
    const isOfProject = sql`${tasks.owner_id} = ${owner} AND ${tasks.list_id} = p.id`
    const rows = await executeRows<{ id: string }>(
      tx,
      sql`
        SELECT p.id
        FROM unnest(${`{${own.map(({ id }) => id).join()}}`}::uuid[]) AS p(id)
        CROSS JOIN LATERAL (
          (SELECT FROM ${tasks} WHERE ${isOfProject} AND deleted_at IS NOT NULL LIMIT 1)
          UNION ALL
          (SELECT FROM ${tasks} WHERE ${isOfProject} AND deleted_at IS NULL LIMIT 1)
        ) t`
    )
    for (const { id } of rows) {
      used.add(id)
    }
  }
  return some.map(({ id }) => id).filter((id) => !used.has(id))
}
