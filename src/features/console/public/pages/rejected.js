import { call } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { csvLine, save } from '../lib/download.js'
import { openDialog } from '../ui/dialog.js'
import { emptyState, endless } from '../ui/endless.js'
import { icon } from '../ui/icons.js'
import { toast, toastProblem } from '../ui/toast.js'

const COLUMNS = ['row', 'column', 'code', 'message', 'value']

/** Why rows of an import were rejected: to read as one scrolls, and to take along as a file. */
export function rejectedRows({ id, file_name }) {
  const given = new AbortController()
  const page = (cursor, signal) =>
    call('GET', `/task-imports/${id}/errors`, { query: { limit: 100, cursor }, signal })
  const list = endless({
    counted: ['fault', 'faults'],
    list: h('ol', { class: 'rows' }),
    load: page,
    row: ({ row, column, message, value }) =>
      h(
        'li',
        { class: 'row' },
        h(
          'div',
          { class: 'row-main' },
          h(
            'p',
            { class: 'row-title' },
            `Row ${row.toLocaleString()}`,
            column && [', ', h('code', {}, column)]
          ),
          h('p', {}, message),
          value !== null &&
            value !== '' &&
            h('p', { class: 'row-facts' }, 'The file says: ', h('q', {}, value))
        )
      ),
    empty: () => emptyState('Nothing was rejected', 'Every row went in.')
  })
  const said = h('span', { class: 'muted', role: 'status' })
  const download = async () => {
    const parts = [csvLine(COLUMNS)]
    try {
      for (let cursor; ; ) {
        const { data, pagination } = await page(cursor, given.signal)
        parts.push(...data.map((fault) => csvLine(COLUMNS.map((column) => fault[column]))))
        said.textContent = `${(parts.length - 1).toLocaleString()} faults…`
        cursor = pagination.next_cursor
        if (!pagination.has_more) {
          break
        }
      }
      said.textContent = ''
      save(`rejected-${file_name.replace(/[^\w.-]/g, '_')}`, parts)
      toast('The file is complete.')
    } catch (error) {
      if (!given.signal.aborted) {
        toastProblem('The file is not complete and was not kept.', error)
      }
    }
  }
  list.reload()
  return openDialog({
    title: `Rejected rows of ${file_name}`,
    kind: 'dialog-wide',
    body: () => [
      h(
        'p',
        { class: 'muted' },
        'Rows count from 1, without the header and without blank rows. Mend them and import them again; the good ones are in.'
      ),
      h(
        'div',
        { class: 'actions' },
        h(
          'button',
          { type: 'button', class: 'button', onclick: download },
          icon('csv'),
          'Download as CSV'
        ),
        said
      ),
      list.node
    ]
  }).finally(() => {
    given.abort()
    list.stop()
  })
}
