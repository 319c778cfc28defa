import { call } from '../lib/api.js'
import { h, replace } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { fullTime, sinceText } from '../lib/time.js'
import { upload } from '../lib/upload.js'
import { emptyState, endless } from '../ui/endless.js'
import { icon } from '../ui/icons.js'
import { panel } from '../ui/panel.js'
import { problemBox } from '../ui/problem-box.js'
import { toast, toastProblem } from '../ui/toast.js'
import { rejectedRows } from './rejected.js'

const POLL_MS = 1000
const STATES = {
  queued: 'waits',
  running: 'runs',
  succeeded: 'done',
  failed: 'failed',
  cancelled: 'cancelled'
}
const isEnded = ({ status }) => status !== 'queued' && status !== 'running'

/** Files become tasks: chosen or dropped, with a bar that shows how far they are, and what was rejected and why. */
export function importPanel() {
  const given = new AbortController()
  const now = h('div', { class: 'stack', 'aria-live': 'polite' })
  const dry = h('input', { type: 'checkbox' })
  const list = endless({
    counted: ['import', 'imports'],
    load: (cursor, signal) => call('GET', '/task-imports', { query: { cursor }, signal }),
    row: (one) => importRow(one, given.signal),
    empty: () =>
      emptyState('No imports yet', 'What you import stands here, with what was rejected.')
  })
  list.reload()

  const take = async (file) => {
    if (!file) {
      return
    }
    const bar = progressBar(`Sending ${file.name}`)
    replace(now, bar.node)
    try {
      const queued = await upload('/task-imports', file, {
        query: { dry_run: dry.checked || undefined },
        signal: given.signal,
        progress: (share) => bar.set(share, `${Math.round(share * 100)} %`)
      })
      replace(now)
      list.list.prepend(importRow(queued, given.signal))
      list.recount()
    } catch (error) {
      if (!isAborted(error)) {
        replace(now, problemBox(error, error.status === 400 ? {} : { again: () => take(file) }))
      }
    }
  }
  const chooser = h('input', {
    type: 'file',
    accept: '.csv,text/csv',
    class: 'unseen',
    id: 'csv-file',
    onchange: () => {
      take(chooser.files[0])
      chooser.value = ''
    }
  })
  const drop = h(
    'div',
    { class: 'drop' },
    icon('csv'),
    h(
      'p',
      {},
      h('label', { for: 'csv-file', class: 'button' }, 'Choose a CSV file'),
      chooser,
      h('span', { class: 'muted' }, ' or drop it here')
    ),
    h(
      'p',
      { class: 'hint' },
      'Columns: title or subject, description, status, priority, due_date, tags (separated by |).'
    ),
    h('label', { class: 'check' }, dry, 'Only try: judge every row and create nothing')
  )
  const over = (isOver) => (event) => {
    event.preventDefault()
    drop.classList.toggle('drop-over', isOver)
  }
  drop.addEventListener('dragover', over(true))
  drop.addEventListener('dragleave', over(false))
  drop.addEventListener('drop', (event) => {
    over(false)(event)
    take(event.dataTransfer.files[0])
  })
  return {
    node: panel('Import', drop, now, h('h3', {}, 'Your imports'), list.node),
    stop: () => {
      given.abort()
      list.stop()
    }
  }
}

function progressBar(label) {
  const bar = h('progress', { max: '1', value: 0, 'aria-label': label })
  const text = h('span', { class: 'muted' })
  return {
    node: h('div', { class: 'progress' }, h('span', {}, label), bar, text),
    set: (share, words) => {
      bar.value = share
      text.textContent = words
    }
  }
}

/** An import as it is; while it runs it is asked for again and again. */
function importRow(one, signal) {
  const row = h('li', { class: 'row row-import' })
  const bar = progressBar(`Importing ${one.file_name}`)
  const cancel = async () => {
    try {
      one = await call('POST', `/task-imports/${one.id}/cancel`, { repeat: true })
      show()
    } catch (error) {
      toastProblem('The import goes on.', error)
    }
  }
  const show = () => {
    bar.set(
      one.rows_total > 0 ? one.rows_processed / one.rows_total : 0,
      `${one.rows_processed.toLocaleString()} of ${one.rows_total.toLocaleString()} rows`
    )
    replace(
      row,
      h(
        'div',
        { class: 'row-main' },
        h(
          'p',
          { class: 'row-title' },
          one.file_name,
          ' ',
          h(
            'span',
            {
              class: `badge ${one.status === 'failed' ? 'badge-bad' : one.status === 'succeeded' ? 'badge-accent' : 'badge-warn'}`
            },
            STATES[one.status] ?? one.status
          ),
          ' ',
          one.dry_run && h('span', { class: 'badge' }, 'only tried')
        ),
        !isEnded(one) && bar.node,
        h(
          'p',
          { class: 'row-facts' },
          h(
            'span',
            {},
            `${one.rows_imported.toLocaleString()} ${one.dry_run ? 'would be imported' : 'imported'}`
          ),
          h(
            'span',
            { class: one.rows_rejected > 0 ? 'late-text' : '' },
            `${one.rows_rejected.toLocaleString()} rejected`
          ),
          one.ignored_columns.length > 0 &&
            h('span', {}, `Ignored columns: ${one.ignored_columns.join(', ')}`),
          h('span', { title: fullTime(one.created_at) }, sinceText(one.created_at))
        ),
        one.problem && problemBox(Object.assign(new Error(one.problem.detail), one.problem))
      ),
      h(
        'div',
        { class: 'row-acts' },
        !isEnded(one) &&
          h(
            'button',
            {
              type: 'button',
              class: 'button button-small',
              onclick: cancel,
              'aria-label': `Cancel the import of ${one.file_name}`
            },
            'Cancel'
          ),
        one.rows_rejected > 0 &&
          h(
            'button',
            {
              type: 'button',
              class: 'button button-small',
              onclick: () => rejectedRows(one),
              'aria-label': `Rejected rows of ${one.file_name}`
            },
            'Rejected rows'
          )
      )
    )
  }
  const follow = async () => {
    while (!isEnded(one)) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      if (signal.aborted) {
        return
      }
      try {
        const next = await call('GET', `/task-imports/${one.id}`, { signal })
        if (!isEnded(one)) {
          one = next
        }
        show()
      } catch (error) {
        if (!isAborted(error)) {
          toastProblem(
            `Nothing is known of ${one.file_name} right now. Load the page again.`,
            error
          )
        }
        return
      }
    }
    toast(
      `${one.file_name}: ${one.rows_imported.toLocaleString()} imported, ${one.rows_rejected.toLocaleString()} rejected.`
    )
  }
  show()
  if (!isEnded(one)) {
    follow()
  }
  return row
}
