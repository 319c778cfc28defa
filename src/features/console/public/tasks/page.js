import { call, QUIETLY } from '../lib/api.js'
import { debounce, h } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { forgetProjectList } from '../lib/projects.js'
import { hashOf, navigate, replaceQuery } from '../lib/router.js'
import { dateFromToday } from '../lib/time.js'
import { page } from '../ui/page.js'
import { askToSaveView } from '../ui/saved-views.js'
import { taskBoard } from './board.js'
import { taskCalendar } from './calendar.js'
import { filterBar } from './filters.js'
import { quickAdd } from './quick-add.js'
import { rowShortcuts } from './row-shortcuts.js'
import { taskList } from './task-list.js'
import { displayOf, filterQuery, filtersOf, layoutOf, projectIn } from './task-query.js'
import { viewSwitch } from './view-switch.js'

const COUNT_DELAY_MS = 400
const LAYOUTS = { list: taskList, board: taskBoard, calendar: taskCalendar }

/** Shows the tasks that the user owns or is assigned to, and those of their projects. */
export const tasksPage = (query) => taskListPage(query, { path: '/tasks', title: 'Tasks' })
/** Lists what is due today, and what is overdue. */
export const todayPage = (query) =>
  taskListPage(query, { path: '/today', title: 'Today', days: 'today' })
/** Lists what is due after today, day by day. */
export const upcomingPage = (query) =>
  taskListPage(query, { path: '/upcoming', title: 'Upcoming', days: 'upcoming' })
/** Lists the tasks of all users, for managers. */
export const allTasksPage = (query) =>
  taskListPage(query, {
    path: '/all-tasks',
    title: 'All users’ tasks',
    scope: 'all',
    mayAdd: false
  })

/** What a new task has on a page of days, so that it is one of them. */
const DEFAULTS = {
  today: () => ({ due_date: dateFromToday(0) }),
  upcoming: () => ({ due_date: dateFromToday(1) })
}

/**
 * Shows tasks as a list, a board or a calendar, with filters, and a form to add one. `head` says what the title shows
 * instead, which `badges` and `tools` are beside it, and what is `above` the tasks. `days` are those of a page of days.
 */
export function taskListPage(query, options) {
  const { path, title, scope, project, days, mayAdd = true, head = {} } = options
  let filters = filtersOf(query)
  const layout = layoutOf(filters, options)
  const abort = new AbortController()
  forgetProjectList()
  const view = LAYOUTS[layout]({
    ...options,
    mayAdd,
    filters: () => filters,
    onChange: () => counts.update(),
    onRefresh: () => counts.update(QUIETLY),
    onTagClick: (tag) => bar.setFilter({ tag }),
    setFilter: (change) => bar.setFilter(change),
    showAll: () => navigate(path, displayOf(filters))
  })
  const load = () => {
    counts.update()
    view.reload()
  }
  const bar = filterBar(filters, {
    scope,
    project,
    days,
    hasStatus: layout !== 'board' && days === undefined,
    onSave: () => askToSaveView(hashOf(path, filters), ''),
    onChange: (next) => {
      filters = next
      replaceQuery(path, filters)
      layouts?.show(filters)
      load()
    }
  })
  const layouts = days === undefined ? viewSwitch(path, filters) : undefined
  const counts = taskCounts(
    () => filterQuery(filters, options),
    (stats) => {
      bar.showCounts(stats)
      view.showCounts?.(stats)
    },
    abort.signal
  )
  const add = mayAdd && addForm({ view, counts, project, days, filters: () => filters })
  layouts?.show(filters)
  load()
  const beside = [head.badges, counts.overdue, head.tools, layouts?.node]
  const content = [head.above, add?.node, bar.node, view.node]
  return {
    title,
    node: tasksNode({ title: head.title ?? title, beside }, content, layout),
    keys: pageKeys({ add, bar, view }),
    stop: () => {
      view.stop()
      bar.stop()
      abort.abort()
    }
  }
}

function tasksNode(head, content, layout) {
  const node = page(head, content)
  node.classList.add('page-tasks', `page-${layout}`)
  return node
}

function addForm({ view, counts, project, days, filters }) {
  const onAdded = (task, draft) => {
    view.add(task, draft)
    counts.update()
  }
  return quickAdd({
    list: view.list,
    onAdded,
    projectId: () => project?.id ?? projectIn(filters()),
    defaults: DEFAULTS[days]
  })
}

const pageKeys = ({ add, bar, view }) => [
  ...(add ? [['n', 'Add a task', () => add.input.focus()]] : []),
  ['/', 'Search', () => bar.search.focus()],
  ...(view.keys ?? rowShortcuts(view.list))
]

/** Counts the tasks that match the filters, and shows how many are overdue beside the title. */
function taskCounts(query, show, signal) {
  const overdue = h('p', { class: 'summary overdue-text', role: 'status' })
  const update = debounce(async (options) => {
    try {
      const always = { query: query(), signal, mayAsk: false }
      const stats = await call('GET', '/task-stats', { ...always, ...options })
      show(stats)
      overdue.textContent = stats.overdue > 0 ? `${stats.overdue.toLocaleString()} overdue` : ''
    } catch (error) {
      // The list itself reports the error.
      if (!isAborted(error)) {
        overdue.textContent = ''
      }
    }
  }, COUNT_DELAY_MS)
  return { overdue, update }
}
