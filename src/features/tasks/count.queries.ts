import { and, type SQL, sql } from 'drizzle-orm'
import { type AnyPgColumn, unionAll } from 'drizzle-orm/pg-core'
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

/** Counts tasks. */
export async function countTasks(db: Db, counted: Counted): Promise<number> {
  return sumOf(await countTasksApart(db, counted, {}))
}

/** Tasks that have the same values in some columns, and how many there are in one branch. */
export type Group<Name extends string = never> = Record<Name, unknown> & { count: number }

/**
 * Counts tasks by the values of columns. A group may come several times, once for each branch: no task is in two
 * branches, and each is counted by itself, since an `OR` of them would read every task, where an index alone has all
 * that a branch and the usual filters ask for.
 */
export async function countTasksApart<Name extends string>(
  db: Db,
  { branches, conditions, values }: Counted,
  columns: Record<Name, SQL | AnyPgColumn>
): Promise<Group<Name>[]> {
  const numbers = Object.keys(columns).map((_, i) => sql.raw(String(i + 1)))
  const selects = branches.map(({ where }) => {
    const select = db
      .select({ ...columns, count: sql<number>`count(*)::int` } as never)
      .from(tasks)
      .where(and(where, ...conditions.map((condition) => condition.where())))
    return numbers.length > 0 ? select.groupBy(...numbers) : select
  })
  const [first, second, ...rest] = selects as never[]
  const query: unknown = second === undefined ? first : unionAll(first as never, second, ...rest)
  const filled = Object.assign({ ...values }, ...conditions.map((condition) => condition.values))
  // Without a name: the plan depends on how many rows match.
  return prepared(query as Preparable<Group<Name>>, undefined).execute(filled)
}

/** A statement whose columns its caller chooses: Drizzle's type of a union needs to know them. */
interface Preparable<Row> {
  prepare(name: string): { execute(values: Record<string, unknown>): Promise<Row[]> }
}

/** Adds up the counts of groups. */
export const sumOf = (groups: { count: number }[]): number =>
  groups.reduce((sum, { count }) => sum + count, 0)
