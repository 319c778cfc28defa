import { h } from '../../lib/dom.js'
import { badge, rowDetails, rowMain } from '../../ui/row.js'
import { isRejection } from './rejected-file.js'

/** So many rows of each kind of error are named; the file has all of them. */
const MAX_ROWS = 5

/** Shows every kind of error once, the most frequent first, with the number of its rows and the first of them. */
export const errorGroups = (errors) =>
  h(
    'ol',
    { class: 'rows' },
    [...Map.groupBy(errors, ({ column, code, message }) => JSON.stringify([column, code, message]))]
      .map(([, group]) => group)
      .sort((a, b) => b.length - a.length)
      .map(groupRow)
  )

const groupRow = (group) => {
  const [{ column, message }] = group
  return h(
    'li',
    { class: 'row' },
    rowMain(
      [LABELS[column] ?? column ?? 'Row', ' ', badge(countOf(group.length), 'badge-bad')],
      h('p', {}, message.replace(ABOUT_ZONES, '.')),
      rowDetails(
        group.slice(0, MAX_ROWS).map(rowText),
        group.length > MAX_ROWS &&
          h('span', {}, `and ${(group.length - MAX_ROWS).toLocaleString()} more`)
      ),
      !isRejection({ column }) &&
        h('p', { class: 'hint' }, column === 'comment' ? COMMENT_NOTE : PARENT_NOTE)
    )
  )
}

const LABELS = {
  title: 'Title',
  description: 'Description',
  status: 'Status',
  priority: 'Priority',
  due_date: 'Due date',
  tags: 'Tags',
  id: 'ID',
  project: 'Project',
  project_id: 'Project',
  parent_id: 'Parent task',
  created_at: 'Created',
  completed_at: 'Completed',
  comment: 'Comment'
}
/** The console says in which zone times are. */
const ABOUT_ZONES = /; a time without zone.*$/
const COMMENT_NOTE = 'Only the comment is left out.'
const PARENT_NOTE = 'The task is imported, but not as a subtask of that one.'

const countOf = (count) => (count === 1 ? '1 row' : `${count.toLocaleString()} rows`)

const rowText = ({ row, value }) =>
  h(
    'span',
    {},
    `Row ${row.toLocaleString()}`,
    value !== null && value !== '' && [': ', h('q', {}, value)]
  )
