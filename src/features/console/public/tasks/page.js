import { call } from '../lib/api.js'
import { debounce, h } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { forgetProjectList } from '../lib/projects.js'
import { replaceQuery } from '../lib/router.js'
import { page } from '../ui/page.js'
import { filterBar } from './filters.js'
import { quickAdd } from './quick-add.js'
import { rowShortcuts } from './row-shortcuts.js'
import { taskList } from './task-list.js'
import { filterQuery, filtersOf, projectIn } from './task-query.js'

const COUNT_DELAY_MS = 400

/** Lists the tasks that the user owns or is assigned to, and those of their projects. */
export const tasksPage = (query) => taskListPage(query, { path: '/tasks', title: 'Tasks' })
/** Lists the tasks of all users, for managers. */
export const allTasksPage = (query) =>
  taskListPage(query, {
    path: '/all-tasks',
    title: 'All users’ tasks',
    scope: 'all',
    mayAdd: false
  })

/**
 * Lists tasks with filters, and a form to add one. `head` says what the title shows instead, which
 * `badges` and `tools` are beside it, and what is `above` the list.
 */
export function taskListPage(query, options) {
  const { path, title, scope, project, mayAdd = true, head = {} } = options
  let filters = filtersOf(query)
  const abort = new AbortController()
  forgetProjectList()
  const list = taskList({
    title,
    scope,
    project,
    mayAdd,
    filters: () => filters,
    onChange: () => counts.update(),
    onTagClick: (tag) => bar.setFilter({ tag }),
    showAll: () => {
      location.hash = `#${path}?`
    }
  })
  const load = () => {
    counts.update()
    list.reload()
  }
  const bar = filterBar(filters, {
    scope,
    project,
    onChange: (next) => {
      filters = next
      replaceQuery(path, filters)
      load()
    }
  })
  const counts = taskCounts(() => filterQuery(filters, { scope, project }), bar, abort.signal)
  const onAdded = (task, draft) => {
    list.add(task, draft)
    counts.update()
  }
  const add =
    mayAdd &&
    quickAdd({ list: list.list, onAdded, projectId: () => project?.id ?? projectIn(filters) })
  load()
  return {
    title,
    node: page({ title: head.title ?? title, beside: [head.badges, counts.overdue, head.tools] }, [
      head.above,
      add?.node,
      bar.node,
      list.node
    ]),
    keys: listKeys({ add, bar, list }),
    stop: () => {
      list.stop()
      abort.abort()
    }
  }
}

const listKeys = ({ add, bar, list }) => [
  ...(add ? [['n', 'Add a task', () => add.input.focus()]] : []),
  ['/', 'Search', () => bar.search.focus()],
  ...rowShortcuts(list.list)
]

/** Counts the tasks that match the filters and shows the numbers beside the title and in the filter bar. */
function taskCounts(query, bar, signal) {
  const overdue = h('p', { class: 'summary overdue-text', role: 'status' })
  const update = debounce(async () => {
    try {
      const stats = await call('GET', '/task-stats', { query: query(), signal })
      bar.showCounts(stats)
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
