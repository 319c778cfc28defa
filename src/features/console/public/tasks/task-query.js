import { currentUser } from '../lib/session.js'
import { dateFromToday, ZONE } from '../lib/time.js'

/** What chooses tasks, and what says how they are shown. */
const FILTERS = ['view', 'q', 'priority', 'tag', 'due', 'assignee', 'owner', 'project']
const DISPLAY = ['as', 'group', 'sort', 'rows', 'month']
const QUERY_NAMES = [...FILTERS, ...DISPLAY]

export const DEFAULT_SORT = 'created_at_desc'
export const MANUAL = 'position_asc'

const DEFAULTS = { view: 'open', as: 'list' }

/** Reads filters and display from the URL, which holds only those that differ from the defaults. */
export const filtersOf = (query) =>
  Object.fromEntries(
    QUERY_NAMES.map((name) => [name, query.get(name) ?? '']).filter(
      ([name, value]) => value !== '' && value !== DEFAULTS[name]
    )
  )

/** Returns what remains when all filters are removed. */
export const displayOf = (filters) =>
  Object.fromEntries(Object.entries(filters).filter(([name]) => DISPLAY.includes(name)))
export const isFiltered = (filters) => FILTERS.some((name) => filters[name] !== undefined)

/** Returns how tasks are shown: as a list, a board or a calendar. Some pages are lists only. */
export const layoutOf = ({ as }, { days } = {}) =>
  ['board', 'calendar'].includes(as) && days === undefined ? as : 'list'

/** The filter for tasks that are in no project. */
export const NO_PROJECT = 'none'
/** Returns the project that the filters choose, null when they choose none. */
export const projectIn = ({ project }) =>
  project === undefined || project === NO_PROJECT ? null : project

/** Tells whether the tasks are of one list, and so have a manual order. */
export const isOneList = (filters, { scope, project }) =>
  scope !== 'all' && (project !== undefined || filters.project !== undefined)

/** Returns by what a list is grouped; those of days are grouped by day unless asked otherwise. */
export function groupingOf({ group }, { days, scope, project }) {
  const grouping = group ?? (days === undefined ? 'none' : 'day')
  const mayBeProject = scope !== 'all' && project === undefined
  const known = ['day', 'status', 'priority', ...(mayBeProject ? ['project'] : [])]
  return known.includes(grouping) ? grouping : undefined
}

/** Returns the order to ask the server for. */
export function sortOf(filters, options) {
  const layout = layoutOf(filters, options)
  const mayBeManual = isOneList(filters, options)
  if (layout === 'list' && groupingOf(filters, options) === 'day') {
    return filters.sort === 'due_date_desc' ? filters.sort : 'due_date_asc'
  }
  if (filters.sort === undefined || (filters.sort === MANUAL && !mayBeManual)) {
    return layout === 'board' && mayBeManual ? MANUAL : DEFAULT_SORT
  }
  return filters.sort
}

/** Converts filters to parameters of the API. Called once per list, since a cursor is bound to its parameters. */
export function filterQuery(filters, { scope, project, days }) {
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
    ...(days === undefined ? dueQuery(due) : DAYS[days]())
  }
}

const userId = (value) => (value === 'me' ? currentUser().id : value)

/** What belongs to a page of days: until today, or after it. */
const DAYS = {
  today: () => ({ due_before: dateFromToday(0), time_zone: ZONE }),
  upcoming: () => ({ due_after: dateFromToday(1), time_zone: ZONE })
}

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
