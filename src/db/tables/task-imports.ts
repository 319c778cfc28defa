import { sql } from 'drizzle-orm'
import {
  boolean,
  foreignKey,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid
} from 'drizzle-orm/pg-core'
import { now, textArray, timestamp } from '../columns.ts'
import { owners } from './owners.ts'

/** `uploading` is a file on its way, which is not shown to callers: it has no job yet, and may never have one. */
export const taskImportStatus = pgEnum('task_import_status', [
  'uploading',
  'queued',
  'running',
  'succeeded',
  'failed',
  'cancelled'
])

/**
 * Imports, owned. The row is the job: what is to be done, how far it is, and which worker has it until when. It changes
 * only in the transaction that has the effect.
 */
export const taskImports = pgTable(
  'task_imports',
  {
    owner_id: uuid()
      .notNull()
      .references(() => owners.owner_id, { onDelete: 'cascade' }),
    id: uuid().notNull(),
    status: taskImportStatus().notNull(),
    file_name: text().notNull(),
    /** The project that its tasks go into; null where they are personal, or each row says its own. */
    project_id: uuid(),
    dry_run: boolean().notNull(),
    rows_total: integer().notNull().default(0),
    rows_processed: integer().notNull().default(0),
    rows_imported: integer().notNull().default(0),
    /** How many of the imported rows changed a task; the others created one. */
    rows_updated: integer().notNull().default(0),
    rows_skipped: integer().notNull().default(0),
    rows_rejected: integer().notNull().default(0),
    /** Of the other records that the export of an account has. */
    projects_created: integer().notNull().default(0),
    projects_rejected: integer().notNull().default(0),
    comments_created: integer().notNull().default(0),
    comments_rejected: integer().notNull().default(0),
    /** How many errors its rows have; only the first are stored. */
    errors_total: integer().notNull().default(0),
    ignored_columns: textArray().notNull().default(sql`'{}'`),
    /** The program whose export the file is. */
    source: text().notNull().default('generic'),
    warnings: jsonb().$type<{ code: string; detail: string }[]>().notNull().default([]),
    /** What happens to a row whose task exists; null where rows have no ids. */
    on_conflict: text().$type<'skip' | 'update' | 'error'>(),
    /** The request that uploaded the file; the events of each task name it. */
    request_id: text().notNull(),
    problem: jsonb().$type<Record<string, unknown>>(),
    /** The worker that has it, and until when that worker is believed to be alive. */
    worker_id: uuid(),
    leased_until: timestamp(),
    /** When it was last worked on: the owner who waited longest is next. */
    last_run_at: timestamp(),
    /** Consecutive runs that failed. */
    failed_attempts: integer().notNull().default(0),
    /** Whether blocks of it may still exist. */
    has_blocks: boolean().notNull().default(true),
    created_at: timestamp().notNull().default(now),
    started_at: timestamp(),
    finished_at: timestamp()
  },
  (t) => [
    primaryKey({ columns: [t.owner_id, t.id] }),
    index('task_imports_created')
      .on(t.owner_id, t.created_at, t.id)
      .where(sql`${t.status} <> 'uploading'`),
    // One at a time for each owner, whichever worker starts it.
    uniqueIndex('task_imports_running').on(t.owner_id).where(sql`${t.status} = 'running'`),
    index('task_imports_unfinished').on(t.created_at).where(sql`${t.finished_at} is null`),
    index('task_imports_last_run').on(t.owner_id, t.last_run_at),
    index('task_imports_finished').on(t.finished_at),
    index('task_imports_with_blocks').on(t.finished_at).where(sql`${t.has_blocks}`)
  ]
)

/** Parsed rows of a file that wait to be imported, up to 500 in a block: valid ones as tasks, faults as errors. */
export const taskImportBlocks = pgTable(
  'task_import_blocks',
  {
    owner_id: uuid().notNull(),
    import_id: uuid().notNull(),
    block_no: integer().notNull(),
    valid_rows: integer().notNull(),
    invalid_rows: integer().notNull(),
    /** Rows that are no tasks. */
    skipped_rows: integer().notNull().default(0),
    tasks: jsonb().notNull(),
    /** Perhaps only the first of `errors_total`. */
    errors: jsonb().notNull(),
    errors_total: integer().notNull().default(0)
  },
  (t) => [
    primaryKey({ columns: [t.owner_id, t.import_id, t.block_no] }),
    foreignKey({
      columns: [t.owner_id, t.import_id],
      foreignColumns: [taskImports.owner_id, taskImports.id]
    }).onDelete('cascade')
  ]
)

/** What is wrong with which row: one entry for each fault. */
export const taskImportErrors = pgTable(
  'task_import_errors',
  {
    owner_id: uuid().notNull(),
    import_id: uuid().notNull(),
    row: integer().notNull(),
    /** Empty for a fault of the row as a whole. */
    column: text().notNull(),
    code: text().notNull(),
    message: text().notNull(),
    value: text()
  },
  (t) => [
    primaryKey({ columns: [t.owner_id, t.import_id, t.row, t.column] }),
    foreignKey({
      columns: [t.owner_id, t.import_id],
      foreignColumns: [taskImports.owner_id, taskImports.id]
    }).onDelete('cascade')
  ]
)
