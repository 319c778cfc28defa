import { call } from '../../lib/api.js'
import { h, replace } from '../../lib/dom.js'
import { isAborted } from '../../lib/problem.js'
import { ZONE } from '../../lib/time.js'
import { upload } from '../../lib/upload.js'
import { emptyState } from '../../ui/empty-state.js'
import { icon } from '../../ui/icons.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { keepLive } from '../../ui/keep-live.js'
import { panel } from '../../ui/page.js'
import { problemBox } from '../../ui/problem-box.js'
import { progressBar } from '../../ui/progress-bar.js'
import { importRow } from './import-row.js'
import { previewFile } from './preview.js'
import { rememberFile } from './uploaded-files.js'

/** Imports tasks from a CSV file that the user chooses or drops, and lists earlier imports. */
export function importPanel() {
  const abort = new AbortController()
  const { signal } = abort
  const uploads = h('div', { class: 'stack', 'aria-live': 'polite' })
  const dryRun = h('input', { type: 'checkbox' })
  const previewFirst = h('input', { type: 'checkbox', checked: true })
  const list = infiniteList({
    noun: ['import', 'imports'],
    load: (cursor, signal, quietly) =>
      call('GET', '/task-imports', { query: { cursor }, signal, ...quietly }),
    // A row that has not ended asks for its state by itself.
    update: (row) => row,
    row: (taskImport) => importRow(taskImport, signal),
    empty: () =>
      emptyState('No imports yet', 'Your imports appear here, with the rows that were rejected.')
  })
  list.reload()
  const live = keepLive(list, { concerns: ({ resource }) => resource.type === 'import' })

  const start = uploader({ uploads, dryRun, previewFirst, list, signal })
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
      live.stop()
      list.stop()
    }
  }
}

/** Returns what uploads a file, once the user has seen what it holds, and adds its import to the list. */
function uploader({ uploads, dryRun, previewFirst, list, signal }) {
  const importFile = async (file, onProgress) => {
    const isDry = dryRun.checked
    const decided = previewFirst.checked
      ? await previewFile(file, { isDry, signal, onProgress })
      : {}
    if (decided) {
      const query = { ...decided.options, dry_run: isDry || undefined, time_zone: ZONE }
      const queued = await upload('/task-imports', file, { query, signal, onProgress })
      rememberFile(queued.id, file, decided.preview)
      list.list.prepend(importRow(queued, signal))
      list.updateCount()
    }
  }
  return async function start(file) {
    const bar = progressBar(`Uploading ${file.name}`)
    replace(uploads, bar.node)
    try {
      await importFile(file, (share) => bar.set(share, `${Math.round(share * 100)} %`))
      replace(uploads)
    } catch (error) {
      if (!isAborted(error)) {
        const retry = error.status === 400 ? undefined : () => start(file)
        replace(uploads, problemBox(error, { retry }))
      }
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
      h('span', { class: 'muted drop-hint' }, ' or drop it here')
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
