import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'

/**
 * Whether two users know of each other: the one rule of who may be found by name. Each way is a probe of an index for
 * one pair. OFFSET 0 keeps it one: otherwise the planner may look up everybody with whom a user shares anything, which
 * takes long for whoever has a million tasks. Where tasks are on other servers, `byTasks` are whom they make known.
 */
export const knows = (
  caller: SQLWrapper | string,
  person: SQLWrapper,
  byTasks: string[] | undefined
): SQL => {
  const ways = [
    ...(byTasks === undefined
      ? waysByTasks(caller, person)
      : [sql`WHERE ${person} = ANY(${`{${byTasks.join()}}`}::uuid[])`]),
    sql`FROM project_members WHERE user_id = ${caller} AND owner_id = ${person}`,
    sql`FROM project_members WHERE user_id = ${person} AND owner_id = ${caller}`,
    sql`
      FROM project_members mine
      JOIN project_members m ON m.owner_id = mine.owner_id AND m.project_id = mine.project_id
      WHERE mine.user_id = ${caller} AND m.user_id = ${person}`,
    sql`FROM invitations WHERE invited_by = ${person} AND accepted_by = ${caller}`,
    sql`FROM invitations WHERE invited_by = ${caller} AND accepted_by = ${person}`
  ].map((way) => sql`EXISTS (SELECT 1 ${way} OFFSET 0)`)
  return sql`(${person} = ${caller} OR ${sql.join(ways, sql` OR `)})`
}

const waysByTasks = (caller: SQLWrapper | string, person: SQLWrapper): SQL[] => [
  // An assignee sees a task while it is not in its owner's trash.
  sql`FROM tasks WHERE assignee_id = ${caller} AND ${isOwner(person)} AND deleted_at IS NULL`,
  sql`FROM tasks WHERE assignee_id = ${person} AND ${isOwner(sql`${caller}::uuid`)}`
]

/**
 * As a range, which only the index by assignee and owner serves: where most of the tasks that are assigned to somebody
 * have one owner, the planner expects as many of every owner, and would read them all to find none.
 */
const isOwner = (user: SQLWrapper): SQL => sql`owner_id BETWEEN ${user} AND ${user}`
