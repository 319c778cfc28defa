import { knownProject, projectNode } from '../lib/projects.js'
import {
  dateFromToday,
  dateOf,
  dueOf,
  formatDate,
  isDate,
  isOverdue,
  weekdayOf
} from '../lib/time.js'
import { PRIORITIES, STATUSES } from './labels.js'
import { NO_PROJECT } from './task-query.js'

export const GROUPINGS = [
  ['none', 'Nothing'],
  ['day', 'Day'],
  ['status', 'Status'],
  ['priority', 'Priority'],
  ['project', 'Project']
]

/** How many days have a group of their own. */
const NEAR_DAYS = 7
const NO_DATE = 1000

/** Returns the key of the group of a task. */
function groupKeyOf(task, grouping) {
  return {
    day: () => dayKey(task),
    status: () => task.status,
    priority: () => task.priority,
    project: () => task.project_id ?? NO_PROJECT
  }[grouping]()
}

function dayKey(task) {
  const due = dueOf(task)
  if (due === null) {
    return 'none'
  }
  const date = dateOf(due)
  if (isOverdue(task)) {
    return 'overdue'
  }
  if (date < dateFromToday(0)) {
    return 'past'
  }
  return date < dateFromToday(NEAR_DAYS) ? date : 'later'
}

/** Returns the same of the row of a task, in which it is written; undefined where the task is not saved yet. */
export function groupKeyOfRow({ dataset: { due, status, priority, project } }, grouping) {
  if (status === undefined) {
    return undefined
  }
  const task = { status, priority, due_date: due ?? null, all_day: isDate(due) }
  return groupKeyOf({ ...task, project_id: project ?? null }, grouping)
}

/**
 * Returns where a group is among the others; what is in none comes first. `order` are the keys of a grouping that has
 * no order of its own.
 */
export function rankOf(key, { grouping, isDescending, order = [] }) {
  if (key === '') {
    return Number.NEGATIVE_INFINITY
  }
  const place = order.indexOf(key)
  const rank = RANKS[grouping]?.(key) ?? (place === -1 ? order.length : place)
  return isDescending && rank !== NO_DATE ? -rank : rank
}

const RANKS = {
  day: (key) => ({ past: 0, overdue: 1, later: 100, none: NO_DATE })[key] ?? 2 + daysFromToday(key),
  status: (key) => Object.keys(STATUSES).indexOf(key),
  priority: (key) => -Object.keys(PRIORITIES).indexOf(key)
}

const daysFromToday = (date) =>
  Array.from({ length: NEAR_DAYS }, (_, days) => dateFromToday(days)).indexOf(date)

/** Returns what the head of a group says. */
export const labelOf = (key, grouping) =>
  ({
    day: () => dayLabel(key),
    status: () => [STATUSES[key]],
    priority: () => [`${PRIORITIES[key]} priority`],
    project: () => [key === NO_PROJECT ? 'No project' : projectNode(key)]
  })[grouping]()

export const colorOf = (key, grouping) =>
  grouping === 'project' ? knownProject(key)?.color : undefined

const DAY_LABELS = { past: 'Earlier', overdue: 'Overdue', later: 'Later', none: 'No date' }

function dayLabel(key) {
  if (DAY_LABELS[key]) {
    return [DAY_LABELS[key]]
  }
  const near = { 0: 'Today', 1: 'Tomorrow' }[daysFromToday(key)]
  return [near ?? weekdayOf(key), formatDate(key)]
}
