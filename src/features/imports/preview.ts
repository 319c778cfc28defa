import { toTaskRecord } from '../tasks/service.ts'
import type { LateLink, TaskRef } from './family.ts'
import type { RowError } from './faults.ts'
import { PARENT } from './fields.ts'
import { MAX_COLUMN_NAME } from './file.schema.ts'
import { PREVIEW_ROWS, type TaskImportDraft, type TaskImportPreview } from './preview.schema.ts'
import { createProjectCounter, type FindProjects } from './preview-projects.ts'
import { printable } from './problems.ts'
import { tellUnknown } from './process-links.ts'
import type { ValidRow } from './row-reader.ts'
import type { TaskImportError } from './schema.ts'
import { type FileReport, type NumberedRow, type ReadOptions, readTasks } from './task-reader.ts'

/** Who looks at the file, and what they have already; without a database nothing is known of it. */
export interface Viewer {
  userId: string
  find: FindProjects
}
const NOBODY: Viewer = {
  userId: '',
  find: { byName: async () => new Map(), byId: async () => new Map() }
}

/** Reads a file as an import does and returns what it would make of it; nothing is stored. */
export async function previewFile(
  source: AsyncIterable<Buffer>,
  options: ReadOptions,
  maxRows: number,
  { userId, find }: Viewer = NOBODY
): Promise<TaskImportPreview> {
  const counter = createCounter(options.project_id)
  const projects = createProjectCounter()
  const batches = readTasks(source, options, maxRows)
  let comments_total = 0
  for (;;) {
    const { value, done } = await batches.next()
    if (done) {
      const counted = { ...counter.result(value.late), comments_total }
      return { ...describeFile(value), ...counted, projects: await projects.result(userId, find) }
    }
    comments_total += value.comments.length
    value.projects.forEach(projects.addRecord)
    for (const row of value.rows) {
      counter.add(row)
      comments_total += row.comments?.comments.length ?? 0
      if ('task' in row.parsed) {
        projects.add(row.parsed)
      }
    }
  }
}

function createCounter(project_id: string | undefined) {
  const counts = { rows_valid: 0, rows_skipped: 0, rows_rejected: 0 }
  const tasks: TaskImportDraft[] = []
  const errors: TaskImportError[] = []
  const addErrors = (row: number, found: RowError[]) => {
    const more = found.slice(0, PREVIEW_ROWS - errors.length)
    errors.push(...more.map((error) => ({ row, ...error, column: error.column || null })))
  }
  return {
    add({ row, parsed, parent }: NumberedRow): void {
      if ('task' in parsed) {
        counts.rows_valid++
        addErrors(row, parsed.faults)
        if (tasks.length < PREVIEW_ROWS) {
          tasks.push({ ...toDraft(row, parsed, project_id), ...parentOf(parent) })
        }
      } else if ('errors' in parsed) {
        counts.rows_rejected++
        addErrors(row, parsed.errors)
      } else {
        counts.rows_skipped++
      }
    },
    /** Completes it by what is known of parents at the end of the file. */
    result(late: LateLink[]) {
      const parents = new Map(late.map(({ row, parent }) => [row, parent]))
      const lost = late.filter(({ parent }) => !parent).slice(0, PREVIEW_ROWS)
      const all = [...errors, ...lost.map((link) => ({ ...tellUnknown(link), column: PARENT }))]
      return {
        ...counts,
        tasks: tasks.map((task) => ({ ...task, ...parentOf(parents.get(task.row)) })),
        errors: all.sort((a, b) => a.row - b.row).slice(0, PREVIEW_ROWS)
      }
    }
  }
}

const parentOf = (parent: TaskRef | undefined) =>
  parent && ('row' in parent ? { parent_row: parent.row } : { parent_id: parent.id })

function toDraft(row: number, { task, kept }: ValidRow, project_id: string | null = null) {
  const { id: _, event_id, assignee_id, ...fields } = toTaskRecord(task, '', '')
  const nothing = {
    id: null,
    description: null,
    due_date: null,
    project_id,
    project: null,
    parent_id: null,
    parent_row: null,
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
    columns: layout.columns.map(({ name, field, extra }) => ({
      name: printable(name, MAX_COLUMN_NAME),
      field: field ?? extra ?? null
    })),
    ignored_columns,
    rows_total,
    warnings
  }
}
