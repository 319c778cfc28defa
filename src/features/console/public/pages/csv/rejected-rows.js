import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { csvLine, saveFile } from '../../lib/download.js'
import { button } from '../../ui/button.js'
import { openDialog } from '../../ui/dialog.js'
import { emptyState } from '../../ui/empty-state.js'
import { icon } from '../../ui/icons.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { actions, muted } from '../../ui/page.js'
import { rowDetails, rowMain } from '../../ui/row.js'
import { toast, toastProblem } from '../../ui/toast.js'

const COLUMNS = ['row', 'column', 'code', 'message', 'value']

/** Shows why rows of an import were rejected, and offers the errors as a file. */
export function showRejectedRows({ id, file_name }) {
  const abort = new AbortController()
  const loadPage = (cursor, signal) =>
    call('GET', `/task-imports/${id}/errors`, { query: { limit: 100, cursor }, signal })
  const list = infiniteList({
    noun: ['error', 'errors'],
    list: h('ol', { class: 'rows' }),
    load: loadPage,
    row: errorRow,
    empty: () => emptyState('No rejected rows', 'No row of this import was rejected.')
  })
  const status = h('span', { class: 'muted', role: 'status' })
  const download = async () => {
    try {
      const lines = await loadLines(loadPage, abort.signal, (count) => {
        status.textContent = `${count.toLocaleString()} errors…`
      })
      status.textContent = ''
      saveFile(`rejected-${file_name.replace(/[^\w.-]/g, '_')}`, lines)
      toast('Download complete.')
    } catch (error) {
      if (!abort.signal.aborted) {
        toastProblem('The file is incomplete and was not saved.', error)
      }
    }
  }
  list.reload()
  return openDialog({
    title: `Rejected rows of ${file_name}`,
    kind: 'dialog-wide',
    body: () => [
      muted(
        'Correct these rows and import them in a new file. ' +
          'Row 1 is the first row after the header; blank rows are not counted.'
      ),
      actions(button([icon('csv'), 'Download as CSV'], download), status),
      list.node
    ]
  }).finally(() => {
    abort.abort()
    list.stop()
  })
}

const errorRow = ({ row, column, message, value }) =>
  h(
    'li',
    { class: 'row' },
    rowMain(
      [`Row ${row.toLocaleString()}`, column && [', ', h('code', {}, column)]],
      h('p', {}, message),
      value !== null && value !== '' && rowDetails('Value: ', h('q', {}, value))
    )
  )

/** Loads all errors as lines of a CSV file. */
async function loadLines(loadPage, signal, onProgress) {
  const lines = [csvLine(COLUMNS)]
  for (let cursor; ; ) {
    const { data, pagination } = await loadPage(cursor, signal)
    lines.push(...data.map((error) => csvLine(COLUMNS.map((column) => error[column]))))
    onProgress(lines.length - 1)
    cursor = pagination.next_cursor
    if (!pagination.has_more) {
      return lines
    }
  }
}
