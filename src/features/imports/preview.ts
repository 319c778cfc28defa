import { toTaskRecord } from '../tasks/service.ts'
import { MAX_COLUMN_NAME } from './file.schema.ts'
import { PREVIEW_ROWS, type TaskImportDraft, type TaskImportPreview } from './preview.schema.ts'
import { printable } from './problems.ts'
import type { ParsedRow } from './row-reader.ts'
import type { TaskImportError } from './schema.ts'
import { type FileReport, type NumberedRow, type ReadOptions, readTasks } from './task-reader.ts'

/** Reads a file as an import does and returns what it would make of it; nothing is stored. */
export async function previewFile(
  source: AsyncIterable<Buffer>,
  options: ReadOptions,
  maxRows: number
): Promise<TaskImportPreview> {
  const counter = createCounter(options.project_id)
  const batches = readTasks(source, options, maxRows)
  for (;;) {
    const { value, done } = await batches.next()
    if (done) {
      return { ...describeFile(value), ...counter.result() }
    }
    value.forEach(counter.add)
  }
}

function createCounter(project_id: string | undefined) {
  const counts = { rows_valid: 0, rows_skipped: 0, rows_rejected: 0 }
  const tasks: TaskImportDraft[] = []
  const errors: TaskImportError[] = []
  return {
    add({ row, parsed }: NumberedRow): void {
      if ('task' in parsed) {
        counts.rows_valid++
        if (tasks.length < PREVIEW_ROWS) {
          tasks.push(toDraft(row, parsed, project_id))
        }
      } else if ('errors' in parsed) {
        counts.rows_rejected++
        const more = parsed.errors.slice(0, PREVIEW_ROWS - errors.length)
        errors.push(...more.map((error) => ({ row, ...error, column: error.column || null })))
      } else {
        counts.rows_skipped++
      }
    },
    result: () => ({ ...counts, tasks, errors })
  }
}

function toDraft(
  row: number,
  { task, kept }: Extract<ParsedRow, { task: unknown }>,
  project_id: string | null = null
) {
  const { id: _, event_id, assignee_id, ...fields } = toTaskRecord(task, '', '')
  const nothing = {
    id: null,
    description: null,
    due_date: null,
    project_id,
    created_at: null,
    completed_at: null
  }
  return { row, ...nothing, ...fields, ...kept } as TaskImportDraft
}

function describeFile({ found, layout, ignored_columns, rows_total }: FileReport) {
  const { source, format, encoding, warnings } = found
  return {
    source,
    format,
    encoding,
    delimiter: format === 'csv' ? found.delimiter : null,
    columns: layout.columns.map(({ name, field }) => ({
      name: printable(name, MAX_COLUMN_NAME),
      field: field ?? null
    })),
    ignored_columns,
    rows_total,
    warnings
  }
}
