import { call } from '../lib/api.js'
import { dateOf, dueOf, isDate, ZONE } from '../lib/time.js'
import { loadTasks } from './task-list.js'

const PAGE_SIZE = 100
const MAX_PAGES = 5
export const MAX_TASKS = PAGE_SIZE * MAX_PAGES

/** Loads what is due from one date to another, both included: `tasks`, and whether there are more than those. */
export async function loadDays({ from, to }, query, signal, options) {
  const tasks = []
  let cursor
  for (let pages = 0; pages < MAX_PAGES && cursor !== null; pages++) {
    const { data, pagination } = await loadTasks(
      {
        ...query,
        due_after: from,
        due_before: to,
        time_zone: ZONE,
        overdue: undefined,
        sort: 'due_date_asc',
        limit: PAGE_SIZE,
        cursor
      },
      signal,
      options
    )
    tasks.push(...data)
    cursor = pagination.next_cursor
  }
  return { tasks, hasMore: cursor !== null }
}

/** Groups tasks by the day they are due where the user is: those of the whole day first, then by time. */
export function byDay(tasks) {
  const sorted = [...tasks].sort((a, b) => {
    const [first, second] = [dueOf(a), dueOf(b)]
    return Number(isDate(second)) - Number(isDate(first)) || first.localeCompare(second)
  })
  return Map.groupBy(sorted, (task) => dateOf(dueOf(task)))
}

/** Returns a task as it is once it is due then, to be shown while that is being saved. */
export const dueThen = (task, due) => ({
  ...task,
  due_date: isDate(due) ? `${due}T23:59:59.999Z` : due
})

export const saveDue = ({ id, version }, due) =>
  call('PATCH', `/tasks/${id}`, { body: { due_date: due }, version })
