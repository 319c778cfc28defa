import { call } from '../../lib/api.js'
import { h, replace } from '../../lib/dom.js'
import { isAborted } from '../../lib/problem.js'
import { ZONE } from '../../lib/time.js'
import { upload } from '../../lib/upload.js'
import { emptyState } from '../../ui/empty-state.js'
import { icon } from '../../ui/icons.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { panel } from '../../ui/page.js'
import { problemBox } from '../../ui/problem-box.js'
import { progressBar } from '../../ui/progress-bar.js'
import { importRow } from './import-row.js'
import { previewFile } from './preview.js'

/** Imports tasks from a CSV file that the user chooses or drops, and lists earlier imports. */
export function importPanel() {
  const abort = new AbortController()
  const { signal } = abort
  const uploads = h('div', { class: 'stack', 'aria-live': 'polite' })
  const dryRun = h('input', { type: 'checkbox' })
  const previewFirst = h('input', { type: 'checkbox' })
  const list = infiniteList({
    noun: ['import', 'imports'],
    load: (cursor, signal) => call('GET', '/task-imports', { query: { cursor }, signal }),
    row: (taskImport) => importRow(taskImport, signal),
    empty: () =>
      emptyState('No imports yet', 'Your imports appear here, with the rows that were rejected.')
  })
  list.reload()

  const start = async (file) => {
    const bar = progressBar(`Uploading ${file.name}`)
    replace(uploads, bar.node)
    const onProgress = (share) => bar.set(share, `${Math.round(share * 100)} %`)
    try {
      const options = previewFirst.checked ? await previewFile(file, { signal, onProgress }) : {}
      if (!options) {
        replace(uploads)
        return
      }
      const queued = await upload('/task-imports', file, {
        query: { ...options, dry_run: dryRun.checked || undefined, time_zone: ZONE },
        signal,
        onProgress
      })
      replace(uploads)
      list.list.prepend(importRow(queued, signal))
      list.updateCount()
    } catch (error) {
      if (!isAborted(error)) {
        const retry = error.status === 400 ? undefined : () => start(file)
        replace(uploads, problemBox(error, { retry }))
      }
    }
  }
  return {
    node: panel(
      'Import',
      dropZone(start, dryRun, previewFirst),
      uploads,
      h('h3', {}, 'Your imports'),
      list.node
    ),
    stop: () => {
      abort.abort()
      list.stop()
    }
  }
}

/** The area where a file is chosen or dropped. Calls `onFile` with it. */
function dropZone(onFile, dryRun, previewFirst) {
  const takeFirst = ([file]) => {
    if (file) {
      onFile(file)
    }
  }
  const chooser = h('input', {
    type: 'file',
    accept: '.csv,.tsv,.jsonl,.ndjson,text/csv',
    class: 'visually-hidden',
    id: 'csv-file',
    onchange: () => {
      takeFirst(chooser.files)
      chooser.value = ''
    }
  })
  const highlight = (isOver) => (event) => {
    event.preventDefault()
    zone.classList.toggle('drop-over', isOver)
  }
  const zone = h(
    'div',
    {
      class: 'drop',
      ondragover: highlight(true),
      ondragleave: highlight(false),
      ondrop: (event) => {
        highlight(false)(event)
        takeFirst(event.dataTransfer.files)
      }
    },
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
      'Columns: title or subject, description, status, priority, due_date, tags (separated by |). ' +
        'Exports of Todoist, TickTick, Trello, Asana, Jira, Planner and Outlook are recognised.'
    ),
    h('label', { class: 'check' }, previewFirst, 'Show a preview before importing'),
    h('label', { class: 'check' }, dryRun, 'Dry run: validate rows without creating tasks')
  )
  return zone
}
