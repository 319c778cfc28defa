import { h } from '../../lib/dom.js'
import { dueOf, formatDueInFull, ZONE } from '../../lib/time.js'
import { upload } from '../../lib/upload.js'
import { button } from '../../ui/button.js'
import { openDialog } from '../../ui/dialog.js'
import { actions, muted } from '../../ui/page.js'
import { errorGroups } from './error-groups.js'

const SOURCES = {
  tasklane: 'Tasklane',
  todoist: 'Todoist',
  ticktick: 'TickTick',
  trello: 'Trello',
  asana: 'Asana',
  jira: 'Jira',
  planner: 'Planner',
  microsoft_to_do: 'Microsoft To Do',
  outlook: 'Outlook',
  google_tasks: 'Google Tasks'
}
const MAX_TITLES = 5

/**
 * Shows what an import would make of a file. Resolves to the preview and the options to import the file with, or
 * undefined when the user decides against it.
 */
export async function previewFile(file, { isDry, signal, onProgress }) {
  const preview = await upload('/task-imports/preview', file, {
    query: { time_zone: ZONE },
    signal,
    onProgress
  })
  const order = h(
    'select',
    {},
    h('option', { value: 'dmy' }, 'day / month / year'),
    h('option', { value: 'mdy' }, 'month / day / year')
  )
  const asksOrder = preview.warnings.some(({ code }) => code === 'date_order_unknown')
  const isConfirmed = await openDialog({
    title: `Preview of ${file.name}`,
    kind: 'dialog-wide',
    body: (close) => [
      h('p', {}, summary(preview)),
      newProjects(preview),
      preview.warnings.map(({ detail }) => h('p', { class: 'hint' }, detail)),
      asksOrder && h('label', {}, 'Dates are written as ', order),
      actions(
        button(importLabel(preview, { isDry, asksOrder }), () => close(true), {
          kind: 'button-primary',
          autofocus: true
        }),
        button('Cancel', () => close(false))
      ),
      firstErrors(preview),
      firstTasks(preview),
      muted(`Columns: ${columns(preview)}`)
    ]
  })
  return isConfirmed
    ? { preview, options: { date_order: asksOrder ? order.value : undefined } }
    : undefined
}

function importLabel({ rows_valid }, { isDry, asksOrder }) {
  if (isDry) {
    return 'Start the dry run'
  }
  const tasks = rows_valid === 1 ? '1 task' : `${rows_valid.toLocaleString()} tasks`
  return asksOrder || rows_valid === 0 ? 'Import' : `Import ${tasks}`
}

const firstTasks = ({ tasks, rows_valid }) =>
  tasks.length > 0 && [
    h('h3', {}, rows_valid > MAX_TITLES ? `The first ${MAX_TITLES} tasks` : 'Tasks'),
    h(
      'ul',
      { class: 'rows preview-tasks' },
      tasks
        .slice(0, MAX_TITLES)
        .map((task) =>
          h(
            'li',
            { class: 'row' },
            h('span', { class: 'row-main' }, task.title),
            task.due_date && h('span', { class: 'row-time' }, formatDueInFull(dueOf(task)))
          )
        )
    )
  ]

const firstErrors = ({ errors }) =>
  errors.length > 0 && [h('h3', {}, 'Rows that cannot be imported'), errorGroups(errors)]

function summary({ source, rows_valid, rows_rejected, rows_skipped }) {
  const from = SOURCES[source] ? `A file of ${SOURCES[source]}: ` : ''
  const skipped = rows_skipped > 0 ? `, ${rows_skipped.toLocaleString()} are no tasks` : ''
  const valid = `${rows_valid.toLocaleString()} valid ${rows_valid === 1 ? 'row' : 'rows'}`
  return `${from}${valid}, ${rows_rejected.toLocaleString()} rejected${skipped}.`
}

function newProjects({ projects }) {
  const names = projects.filter(({ project_id }) => project_id === null).map(({ name }) => name)
  return names.length > 0 && h('p', {}, `New projects: ${names.join(', ')}.`)
}

const columns = ({ columns }) =>
  columns
    .filter(({ field }) => field !== null)
    .map(({ name, field }) => (name.toLowerCase() === field ? name : `${name} → ${field}`))
    .join(', ')
