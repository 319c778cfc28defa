import { call } from '../lib/api.js'
import { unreachable } from '../lib/connection.js'
import { h } from '../lib/dom.js'
import { save } from '../lib/download.js'
import { isAborted } from '../lib/problem.js'
import { isAtLeast } from '../lib/session.js'
import { field, form, select } from '../ui/form.js'
import { panel } from '../ui/panel.js'
import { toast } from '../ui/toast.js'

const WHICH = [
  ['open', 'Open tasks'],
  ['done', 'Finished tasks'],
  ['all', 'All tasks'],
  ['overdue', 'Overdue tasks']
]
const QUERY = {
  open: { completed: false },
  done: { completed: true },
  all: {},
  overdue: { overdue: true }
}

/** Tasks as a CSV file, which opens in any spreadsheet and can be imported again. */
export function exportPanel() {
  const given = new AbortController()
  const which = field({
    label: 'Which tasks?',
    name: 'which',
    control: select('which', WHICH, { value: 'all' })
  })
  const whose = field({
    label: 'Whose?',
    name: 'scope',
    control: select('scope', [
      ['', 'Mine'],
      ['all', 'Everybody’s']
    ])
  })
  const words = field({
    label: 'With these words (optional)',
    name: 'q',
    maxlength: '200',
    autocomplete: 'off'
  })
  const said = h('span', { class: 'muted', role: 'status' })
  const fields = isAtLeast('manager') ? [which, whose, words] : [which, words]
  const { node } = form({
    fields,
    act: 'Export',
    more: said,
    layout: h(
      'div',
      { class: 'columns' },
      fields.map((one) => one.node)
    ),
    submit: async () => {
      const response = await call('GET', '/task-exports/csv', {
        query: {
          ...QUERY[which.input.value],
          scope: whose.input.value,
          q: words.input.value.trim()
        },
        raw: true,
        patience: 0,
        signal: given.signal
      })
      const parts = await read(response, (bytes) => {
        said.textContent = `${(bytes / 1024).toLocaleString(undefined, { maximumFractionDigits: 0 })} KiB`
      })
      said.textContent = ''
      save('tasks.csv', parts)
      toast('The file is complete.')
    }
  })
  return { node: panel('Export', node), stop: () => given.abort() }
}

/** All of the body or nothing: a file that broke off must not look like a whole one. */
async function read(response, told) {
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
      told(bytes)
    }
  } catch (error) {
    throw isAborted(error) ? error : unreachable(error)
  }
}
