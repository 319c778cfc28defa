import { call } from '../../lib/api.js'
import { networkError } from '../../lib/connection.js'
import { h } from '../../lib/dom.js'
import { saveFile } from '../../lib/download.js'
import { isAborted } from '../../lib/problem.js'
import { isAtLeast } from '../../lib/session.js'
import { ZONE } from '../../lib/time.js'
import { field, form, select } from '../../ui/form.js'
import { panel } from '../../ui/page.js'
import { toast } from '../../ui/toast.js'

const SELECTIONS = [
  ['all', 'All tasks'],
  ['open', 'Open tasks'],
  ['done', 'Done tasks'],
  ['overdue', 'Overdue tasks']
]
const QUERIES = {
  all: {},
  open: { completed: false },
  done: { completed: true },
  overdue: { overdue: true, time_zone: ZONE }
}

/** Exports tasks to a CSV file, which spreadsheets can open and Tasklane can import again. */
export function exportPanel() {
  const abort = new AbortController()
  const { fields, query } = exportFields()
  const status = h('span', { class: 'muted', role: 'status' })
  const { node } = form({
    fields,
    submitLabel: 'Export',
    moreButtons: status,
    layout: h(
      'div',
      { class: 'columns' },
      fields.map((one) => one.node)
    ),
    submit: async () => {
      const response = await call('GET', '/task-exports/csv', {
        query: query(),
        raw: true,
        timeoutMs: 0,
        signal: abort.signal
      })
      const parts = await readBody(response, (bytes) => {
        status.textContent = `${Math.round(bytes / 1024).toLocaleString()} KiB`
      })
      status.textContent = ''
      saveFile('tasks.csv', parts)
      toast('Download complete.')
    }
  })
  return { node: panel('Export', node), stop: () => abort.abort() }
}

function exportFields() {
  const selection = field({
    label: 'Which tasks?',
    name: 'which',
    control: select('which', SELECTIONS)
  })
  const scope = field({
    label: 'Whose tasks?',
    name: 'scope',
    control: select('scope', [
      ['', 'My tasks'],
      ['all', 'All users’ tasks']
    ])
  })
  const search = field({
    label: 'Search (optional)',
    name: 'q',
    maxlength: '200',
    autocomplete: 'off'
  })
  return {
    fields: isAtLeast('manager') ? [selection, scope, search] : [selection, search],
    query: () => ({
      ...QUERIES[selection.input.value],
      scope: scope.input.value,
      q: search.input.value.trim()
    })
  }
}

/** Reads the whole body or throws: an incomplete file must not look like a complete one. */
async function readBody(response, onProgress) {
  const parts = []
  let bytes = 0
  try {
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read()
      if (done) {
        return parts
      }
      parts.push(value)
      bytes += value.length
      onProgress(bytes)
    }
  } catch (error) {
    throw isAborted(error) ? error : networkError(error)
  }
}
