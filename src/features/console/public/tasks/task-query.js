import { currentUser } from '../lib/session.js'
import { dateFromToday, ZONE } from '../lib/time.js'

const NAMES = ['view', 'q', 'priority', 'tag', 'due', 'assignee', 'owner', 'project', 'sort']

/** Reads the filters of a list from the URL, which holds only those that differ from the defaults. */
export const filtersOf = (query) =>
  Object.fromEntries(
    NAMES.map((name) => [name, query.get(name) ?? '']).filter(([, value]) => value !== '')
  )

/** The filter for tasks that are in no project. */
export const NO_PROJECT = 'none'
/** Returns the project that the filters choose, null when they choose none. */
export const projectIn = ({ project }) =>
  project === undefined || project === NO_PROJECT ? null : project

/** Converts filters to parameters of the API. Called once per list, since a cursor is bound to its parameters. */
export function filterQuery(filters, { scope, project }) {
  const { q, priority, tag, due, assignee, owner } = filters
  return {
    ...(scope === 'all' && { scope }),
    ...(filters.project === NO_PROJECT && { personal: true }),
    project_id: project?.id ?? projectIn(filters),
    q,
    priority,
    tag: tag ? [tag] : [],
    assignee_id: userId(assignee),
    owner_id: userId(owner),
    ...dueQuery(due)
  }
}

const userId = (value) => (value === 'me' ? currentUser().id : value)

function dueQuery(due) {
  if (due === 'overdue') {
    return { overdue: true, time_zone: ZONE }
  }
  const last = { today: 0, week: 6 }[due]
  return last === undefined
    ? {}
    : { due_after: dateFromToday(0), due_before: dateFromToday(last), time_zone: ZONE }
}

/** Converts the chosen status to parameters of the API. */
export function statusQuery({ view = 'open' }) {
  if (view === 'all') {
    return {}
  }
  return view === 'open' ? { completed: false } : { status: [view] }
}
