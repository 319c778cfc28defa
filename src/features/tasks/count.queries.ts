import { and, type SQL, sql } from 'drizzle-orm'
import { unionAll } from 'drizzle-orm/pg-core'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { tasks } from '../../db/tables/tasks.ts'
import type { Branch } from './access.sql.ts'
import type { Condition } from './filter.sql.ts'

/** Which tasks are counted: those of some branches that pass the filters. */
export interface Counted {
  branches: Branch[]
  conditions: Condition[]
  /** Those of the placeholders of the branches. */
  values: Record<string, unknown>
}

/** SQL that counts rows, those that a condition holds for if there is one. */
export const countOf = (condition?: SQL): SQL<number> =>
  condition ? sql<number>`(count(*) FILTER (WHERE ${condition}))::int` : sql<number>`count(*)::int`

/** Counts tasks. */
export async function countTasks(db: Db, counted: Counted): Promise<number> {
  const parts = await countEach(db, counted, { count: countOf() })
  return parts.reduce((sum, { count }) => sum + count, 0)
}

/**
 * Counts tasks branch by branch, in rows that the caller adds up: no task is in two branches. An `OR` of them would
 * read every task, where an index alone has all that a branch and the usual filters ask for. With `groupBy`, the number
 * of a column, there is a row for each of its values.
 */
export async function countEach<Name extends string>(
  db: Db,
  { branches, conditions, values }: Counted,
  columns: Record<Name, SQL<number>>,
  groupBy?: number
): Promise<Record<Name, number>[]> {
  const selects = branches.map(({ where }) => {
    const select = db
      .select(columns as never)
      .from(tasks)
      .where(and(where, ...conditions.map((condition) => condition.where())))
    return groupBy === undefined ? select : select.groupBy(sql.raw(String(groupBy)))
  })
  const [first, second, ...rest] = selects as never[]
  const query: unknown = second === undefined ? first : unionAll(first as never, second, ...rest)
  const filled = Object.assign({ ...values }, ...conditions.map((condition) => condition.values))
  // Without a name: the plan depends on how many rows match.
  return prepared(query as Preparable<Record<Name, number>>, undefined).execute(filled)
}

/** A statement whose columns its caller chooses: Drizzle's type of a union needs to know them. */
interface Preparable<Row> {
  prepare(name: string): { execute(values: Record<string, unknown>): Promise<Row[]> }
}
