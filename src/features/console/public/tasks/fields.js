import { h } from '../lib/dom.js'
import { personNode } from '../lib/people.js'
import { projectNode } from '../lib/projects.js'
import { dueOf, formatDueInFull, isDate } from '../lib/time.js'
import { PRIORITIES, STATUSES } from './labels.js'

/** Returns a task as it is shown and changed here: an all-day one is due on a date. */
export const withDue = (task) => ({ ...task, due_date: dueOf(task) })

/** Compares two values of a field as the API does: due dates as dates or timestamps, tags in order. */
export function isSameValue(field, a, b) {
  if (field === 'due_date' && a && b && !isDate(a) && !isDate(b)) {
    return new Date(a).getTime() === new Date(b).getTime()
  }
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null)
}

/** Tells whether a task has all values of a change. */
export const hasValues = (task, change) =>
  Object.entries(change).every(([field, value]) => isSameValue(field, value, withDue(task)[field]))

/** Shows the value of a field. */
export function valueNode(field, value) {
  if (value === null || value === undefined || value.length === 0) {
    return h('span', { class: 'muted' }, 'none')
  }
  const format = FORMATS[field]
  return format ? format(value) : value
}

const FORMATS = {
  status: (value) => STATUSES[value] ?? value,
  priority: (value) => PRIORITIES[value] ?? value,
  due_date: formatDueInFull,
  all_day: (value) => (value === 'true' ? 'yes' : 'no'),
  tags: (value) => (Array.isArray(value) ? value.join(', ') : value),
  assignee_id: (value) => personNode(value),
  owner_id: (value) => personNode(value),
  project_id: (value) => projectNode(value)
}
