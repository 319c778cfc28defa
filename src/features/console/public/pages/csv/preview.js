import { h } from '../../lib/dom.js'
import { ZONE } from '../../lib/time.js'
import { upload } from '../../lib/upload.js'
import { button } from '../../ui/button.js'
import { openDialog } from '../../ui/dialog.js'
import { actions, muted } from '../../ui/page.js'

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
 * Shows what an import would make of a file. Resolves to the options to import it with, or undefined when the user
 * decides against it.
 */
export async function previewFile(file, { signal, onProgress }) {
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
    body: (close) => [
      h('p', {}, summary(preview)),
      muted(`Columns: ${columns(preview)}`),
      preview.warnings.map(({ detail }) => h('p', { class: 'hint' }, detail)),
      h(
        'ul',
        {},
        preview.tasks.slice(0, MAX_TITLES).map(({ title }) => h('li', {}, title))
      ),
      asksOrder && h('label', {}, 'Dates are written as ', order),
      actions(
        button('Import', () => close(true), { kind: 'button-primary' }),
        button('Cancel', () => close(false))
      )
    ]
  })
  return isConfirmed ? { date_order: asksOrder ? order.value : undefined } : undefined
}

function summary({ source, rows_valid, rows_rejected, rows_skipped }) {
  const from = SOURCES[source] ? `A file of ${SOURCES[source]}: ` : ''
  const skipped = rows_skipped > 0 ? `, ${rows_skipped.toLocaleString()} are no tasks` : ''
  return `${from}${rows_valid.toLocaleString()} valid rows, ${rows_rejected.toLocaleString()} rejected${skipped}.`
}

const columns = ({ columns }) =>
  columns
    .filter(({ field }) => field !== null)
    .map(({ name, field }) => (name.toLowerCase() === field ? name : `${name} → ${field}`))
    .join(', ')
