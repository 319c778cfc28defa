import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { timestampText } from '../../db/columns.ts'
import { prepared } from '../../db/prepared-statements.ts'
import { tasks } from '../../db/tables/tasks.ts'
import { newId } from '../../lib/uuid.ts'
import { isLive, isOpen } from './access.sql.ts'
import { fieldPlaceholders, fieldsOfRecord, taskColumns } from './columns.sql.ts'
import { eventOrigin, originPlaceholders, taskEventsCte } from './events.queries.ts'
import { DEFAULTS, FIELD_NAMES, type FieldName, mapFields, REFERENCES } from './fields.ts'
import type { Task, TaskUpdate } from './schema.ts'
import { nextVersion, timestampOr } from './update.queries.ts'

const DIRECT_FIELDS = FIELD_NAMES.filter((name) => !REFERENCES.includes(name))
const { placeholder } = sql

/** Tells whether one statement can make a normalized change. Whether `all_day` alone is valid depends on the task. */
const isDirect = (wanted: TaskUpdate): boolean =>
  Object.keys(wanted).every((field) => !REFERENCES.includes(field)) &&
  (wanted.all_day === undefined || wanted.due_date !== undefined)

const isGiven = (name: FieldName): SQL => sql`${placeholder(`has_${name}`)}::boolean`

/** What each field becomes. With the same due date a task stays due on its day, with another one it does not. */
const becomes: Record<FieldName, SQL> = {
  ...mapFields(
    ({ column }, name) => sql`
      CASE
        WHEN ${isGiven(name)} THEN ${fieldPlaceholders[name]}::${sql.raw(column.getSQLType())}
        ELSE before.${sql.identifier(name)}
      END`
  ),
  all_day: sql`
    CASE
      WHEN ${isGiven('all_day')} THEN ${fieldPlaceholders.all_day}::boolean
      WHEN ${isGiven('due_date')} THEN
        before.all_day AND before.due_date IS NOT DISTINCT FROM ${fieldPlaceholders.due_date}
      ELSE before.all_day
    END`
}

const listOf = (make: (name: FieldName) => SQL, separator: SQL = sql`, `): SQL =>
  sql.join(DIRECT_FIELDS.map(make), separator)
const newValue = (name: FieldName): SQL => sql.raw(`v.${name}`)
const oldValue = (name: FieldName): SQL => sql.raw(`v.old_${name}`)

/** A task before and after the change. When another change commits meanwhile, its version is no longer that here. */
const values = sql`(
  SELECT
    before.version,
    ${listOf((name) => sql`before.${sql.identifier(name)} AS ${sql.identifier(`old_${name}`)}`)},
    ${listOf((name) => sql`${becomes[name]} AS ${sql.identifier(name)}`)}
  FROM tasks AS before
  WHERE before.owner_id = ${placeholder('owner_id')} AND before.id = ${placeholder('id')}
) AS v`

/** A value as a change has it. */
const asJson = (name: FieldName, value: SQL): SQL =>
  name === 'due_date' ? timestampText(value) : value

/** What differs, as `Changes`. */
const changes = listOf(
  (name) => sql`
    CASE WHEN ${newValue(name)} IS DISTINCT FROM ${oldValue(name)} THEN jsonb_build_object(
      ${sql.raw(`'${name}'`)},
      jsonb_build_object('old', ${asJson(name, oldValue(name))}, 'new', ${asJson(name, newValue(name))})
    ) ELSE '{}' END`,
  sql` || `
)

/** Callers may name versions that are too great for the column. */
const versions = sql`${placeholder('versions')}::bigint[]`

const completion = sql`CASE WHEN v.status = v.old_status THEN 'keep' WHEN v.status = 'done' THEN 'now' END`

/** Changes the row, and returns it with what differs. */
const updateOf = (db: Db) =>
  db
    .update(tasks)
    .set({
      ...Object.fromEntries(DIRECT_FIELDS.map((name) => [name, fieldsOfRecord[name]])),
      completed_at: timestampOr(completion, tasks.completed_at),
      ...nextVersion
    })
    .from(values)
    .where(
      and(
        eq(tasks.owner_id, placeholder('owner_id')),
        eq(tasks.id, placeholder('id')),
        sql`${tasks.version} = v.version`,
        sql`(${versions} IS NULL OR v.version = ANY(${versions}))`,
        sql`(${listOf(newValue)}) IS DISTINCT FROM (${listOf(oldValue)})`,
        sql`coalesce(${tasks.assignee_id}, ${tasks.owner_id}) = ${tasks.owner_id}`,
        isLive,
        isOpen
      )
    )
    .returning({ ...taskColumns, changes: changes.as('changes') })

/**
 * Changes one live task of the caller's own and writes what differs as its event: one statement, which is the lock and
 * the transaction. Returns undefined, having done nothing, where that is not all there is to it: when there is no such
 * task, it has none of the versions or these values already, somebody else has it to do, its project is not open,
 * another change is being made, or a field is not among those that need no look at anything else. Prepared once.
 */
export function prepareDirectUpdate(db: Db) {
  const changed = db.$with('changed').as(updateOf(db))
  const eventRows = sql`
    SELECT id, version, ${placeholder('event_id')}::uuid AS event_id, changes, project_id
    FROM changed`
  const event = db
    .$with('event', {})
    .as(taskEventsCte('task.updated', originPlaceholders, eventRows))
  const { changes: _, ...columns } = changed._.selectedFields
  const statement = prepared(db.with(changed, event).select(columns).from(changed), 'direct_update')
  return async (
    ctx: RequestContext,
    id: string,
    versions: number[] | undefined,
    wanted: TaskUpdate
  ): Promise<Task | undefined> => {
    if (!isDirect(wanted)) {
      return undefined
    }
    const [task] = await statement.execute({
      ...valuesOf(wanted),
      owner_id: ctx.caller.id,
      id,
      versions: versions === undefined ? null : `{${versions.join()}}`,
      ...eventOrigin(ctx),
      event_id: newId()
    })
    return task
  }
}
export type DirectUpdate = ReturnType<typeof prepareDirectUpdate>

/** The values of placeholders. Where a field is absent its value is not looked at. */
function valuesOf(wanted: TaskUpdate): Record<string, unknown> {
  const given: TaskUpdate = { ...DEFAULTS, ...wanted }
  return Object.fromEntries(
    DIRECT_FIELDS.flatMap((name) => [
      [name, given[name] ?? null],
      [`has_${name}`, wanted[name] !== undefined]
    ])
  )
}
