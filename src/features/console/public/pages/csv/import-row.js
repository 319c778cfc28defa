import { call } from '../../lib/api.js'
import { h, replace } from '../../lib/dom.js'
import { isAborted } from '../../lib/problem.js'
import { formatDateTime, formatRelative } from '../../lib/time.js'
import { rowButton } from '../../ui/button.js'
import { problemBox } from '../../ui/problem-box.js'
import { progressBar } from '../../ui/progress-bar.js'
import { badge, rowActions, rowDetails, rowMain } from '../../ui/row.js'
import { toast, toastProblem } from '../../ui/toast.js'
import { showRejectedRows } from './rejected-rows.js'

const POLL_MS = 1000
const STATUSES = {
  queued: ['Queued', 'badge-warn'],
  running: ['Running', 'badge-warn'],
  succeeded: ['Done', 'badge-accent'],
  failed: ['Failed', 'badge-bad'],
  cancelled: ['Cancelled', 'badge-warn']
}
const hasEnded = ({ status }) => status !== 'queued' && status !== 'running'

/** Shows an import. Polls its state until it has ended or `signal` aborts. */
export function importRow(taskImport, signal) {
  const row = h('li', { class: 'row row-import', 'data-id': taskImport.id })
  const bar = progressBar(`Importing ${taskImport.file_name}`)
  const update = (next) => {
    taskImport = next
    render()
  }
  const cancel = async () => {
    try {
      update(await call('POST', `/task-imports/${taskImport.id}/cancel`, { retry: true }))
    } catch (error) {
      toastProblem('The import could not be cancelled.', error)
    }
  }
  const render = () => {
    const { rows_processed: processed, rows_total: total } = taskImport
    bar.set(
      total > 0 ? processed / total : 0,
      `${processed.toLocaleString()} of ${total.toLocaleString()} rows`
    )
    replace(row, importMain(taskImport, bar), importActions(taskImport, cancel))
  }
  render()
  if (!hasEnded(taskImport)) {
    poll(() => taskImport, update, signal)
  }
  return row
}

const importMain = (taskImport, bar) => {
  const { file_name, status, dry_run, problem } = taskImport
  const [label, kind] = STATUSES[status] ?? [status, 'badge-warn']
  return rowMain(
    [file_name, ' ', badge(label, kind), ' ', dry_run && badge('Dry run')],
    !hasEnded(taskImport) && bar.node,
    importDetails(taskImport),
    problem && problemBox(Object.assign(new Error(problem.detail), problem))
  )
}

const importDetails = ({ dry_run, ignored_columns, created_at, ...rows }) => {
  const { rows_imported, rows_skipped, rows_rejected } = rows
  return rowDetails(
    h('span', {}, `${rows_imported.toLocaleString()} ${dry_run ? 'valid' : 'imported'}`),
    rows_skipped > 0 && h('span', {}, `${rows_skipped.toLocaleString()} skipped`),
    h(
      'span',
      { class: rows_rejected > 0 ? 'overdue-text' : '' },
      `${rows_rejected.toLocaleString()} rejected`
    ),
    ignored_columns.length > 0 && h('span', {}, `Ignored columns: ${ignored_columns.join(', ')}`),
    h('span', { title: formatDateTime(created_at) }, formatRelative(created_at))
  )
}

const importActions = (taskImport, cancel) => {
  const { file_name, rows_rejected } = taskImport
  return rowActions(
    !hasEnded(taskImport) && rowButton('Cancel', `Cancel the import of ${file_name}`, cancel),
    rows_rejected > 0 &&
      rowButton('Rejected rows', `Rejected rows of ${file_name}`, () =>
        showRejectedRows(taskImport)
      )
  )
}

async function poll(current, update, signal) {
  while (!hasEnded(current())) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    if (signal.aborted) {
      return
    }
    const { id, file_name } = current()
    try {
      const next = await call('GET', `/task-imports/${id}`, { signal })
      // It may have been cancelled here meanwhile.
      update(hasEnded(current()) ? current() : next)
    } catch (error) {
      if (!isAborted(error)) {
        toastProblem(`The state of ${file_name} could not be loaded. Reload the page.`, error)
      }
      return
    }
  }
  const { file_name, rows_imported, rows_rejected, dry_run } = current()
  const imported = `${rows_imported.toLocaleString()} ${dry_run ? 'valid' : 'imported'}`
  toast(`${file_name}: ${imported}, ${rows_rejected.toLocaleString()} rejected.`)
}
