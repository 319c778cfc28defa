import { and, asc, inArray, isNull, or, type SQL, sql } from 'drizzle-orm'
import { isDistributed } from '../../db/citus/distribution.ts'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import {
  displayName,
  foldedDisplayName,
  foldedName,
  foldedUsername,
  users
} from '../../db/tables/users.ts'
import { foldLetters } from '../../lib/fold.ts'
import type { Person } from './schema.ts'
import { knows } from './visibility.sql.ts'

/** Whom a caller looks for. */
export interface PeopleFilter {
  /** Undefined where the caller may find everybody. */
  knownTo: string | undefined
  q: string | undefined
  ids: string[] | undefined
  /** Those who appear in tasks that the caller sees, who are visible by that. */
  inTasks?: string[] | undefined
  /** Only those who belong to a project that the caller sees. */
  project?: { owner_id: string; id: string } | undefined
}
/** A place in the list, perhaps that of somebody whom the caller may not know. */
export interface PeoplePosition {
  key: string
  id: string
}
export type PersonRow = Person & { key: string }
interface Range {
  after: PeoplePosition | undefined
  limit: number
}

/** A statement looks at no more accounts than these, however few of them the caller knows. */
export const MAX_SCANNED = 2000
/** Follows everything that begins with a text. */
const LAST_CHARACTER = '\u{10ffff}'

const key = foldedDisplayName(users)
const columns = {
  id: users.id,
  display_name: displayName(users).as('display_name'),
  username: users.username,
  key: key.as('key')
}

/** Lists people by name from a position, among the next `MAX_SCANNED` accounts unless ids are given. */
export async function listPeople(
  db: Db,
  filter: PeopleFilter,
  { after, limit }: Range
): Promise<PersonRow[]> {
  const { knownTo, ids, project } = filter
  const order = [asc(key), asc(users.id)]
  const select = () =>
    db
      .select(columns)
      .from(users)
      .where(and(matches(filter), follows(after)))
      .orderBy(...order)
  if (knownTo === undefined) {
    return select().limit(limit)
  }
  const byTasks = (await isDistributed(db))
    ? await listKnownByTasks(db, knownTo, await select().limit(MAX_SCANNED))
    : undefined
  if (ids !== undefined || project !== undefined) {
    return db
      .select(columns)
      .from(users)
      .where(and(matches(filter), follows(after), knows(knownTo, users.id, byTasks)))
      .orderBy(...order)
      .limit(limit)
  }
  const scanned = select().limit(MAX_SCANNED).as('scanned')
  return db
    .select()
    .from(scanned)
    .where(knows(knownTo, sql`scanned.id`, byTasks))
    .orderBy(asc(scanned.key), asc(scanned.id))
    .limit(limit)
}

/** Returns who of some people owns a task that is assigned to a user, or has one of theirs to do. */
async function listKnownByTasks(
  db: Db,
  userId: string,
  among: { id: string }[]
): Promise<string[]> {
  const ids = sql`${`{${among.map(({ id }) => id).join()}}`}::uuid[]`
  const found = await Promise.all([
    executeRows<{ id: string }>(
      db,
      sql`
        SELECT DISTINCT owner_id AS id FROM tasks
        WHERE assignee_id = ${userId} AND owner_id = ANY(${ids}) AND deleted_at IS NULL`
    ),
    executeRows<{ id: string }>(
      db,
      sql`SELECT DISTINCT assignee_id AS id FROM tasks WHERE owner_id = ${userId} AND assignee_id = ANY(${ids})`
    )
  ])
  return found.flat().map(({ id }) => id)
}

/** Returns the last account that such a statement looks at; undefined when it reaches the end. */
export async function findScanEnd(
  db: Db,
  filter: PeopleFilter,
  after: PeoplePosition | undefined
): Promise<PeoplePosition | undefined> {
  const [row] = await db
    .select({ id: users.id, key: columns.key })
    .from(users)
    .where(and(matches(filter), follows(after)))
    .orderBy(asc(key), asc(users.id))
    .offset(MAX_SCANNED - 1)
    .limit(1)
  return row
}

function matches({ q, ids, inTasks, project }: PeopleFilter): SQL | undefined {
  return and(
    isNull(users.deleted_at),
    ids || inTasks ? undefined : sql`NOT ${users.disabled}`,
    ids && inArray(users.id, ids),
    inTasks && inArray(users.id, inTasks),
    project && belongsTo(project),
    q === undefined ? undefined : beginsWith(foldLetters(q.trim()))
  )
}

const belongsTo = ({ owner_id, id }: { owner_id: string; id: string }): SQL => sql`
  ${users.id} IN (
    SELECT user_id FROM project_members WHERE owner_id = ${owner_id} AND project_id = ${id}
    UNION ALL
    SELECT ${owner_id}::uuid
  )`

/** As ranges, which an index serves whatever the text is. */
function beginsWith(text: string): SQL | undefined {
  const range = (folded: SQL) =>
    sql`(${folded} >= ${text} AND ${folded} < ${text + LAST_CHARACTER})`
  return text === ''
    ? sql`false`
    : or(range(foldedName(users)), range(foldedUsername(users.username)))
}

function follows(after: PeoplePosition | undefined): SQL | undefined {
  if (!after) {
    return undefined
  }
  return sql`(${key}, ${users.id}) > (${after.key}, ${after.id}::uuid)`
}
