import { call } from '../lib/api.js'
import { debounce, h } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { replaceQuery } from '../lib/router.js'
import { button } from '../ui/button.js'
import { emptyState } from '../ui/empty-state.js'
import { infiniteList } from '../ui/infinite-list.js'
import { page } from '../ui/page.js'
import { filterBar } from './filters.js'
import { quickAdd } from './quick-add.js'
import { taskRow } from './row.js'
import { rowShortcuts } from './row-shortcuts.js'
import { filterQuery, filtersOf, statusQuery } from './task-query.js'

const PAGE_SIZE = 50
const COUNT_DELAY_MS = 400

/** Lists the tasks that the user owns or is assigned to. */
export const tasksPage = (query) => listPage(query, { path: '/tasks', title: 'Tasks' })
/** Lists the tasks of all users, for managers. */
export const allTasksPage = (query) =>
  listPage(query, { path: '/all-tasks', title: 'All users’ tasks', scope: 'all' })

function listPage(query, { path, title, scope }) {
  let filters = filtersOf(query)
  const abort = new AbortController()
  const list = taskList({
    title,
    scope,
    filters: () => filters,
    onChange: () => counts.update(),
    onTagClick: (tag) => bar.setFilter({ tag }),
    resetFilters: () => {
      location.hash = `#${path}?`
    }
  })
  const bar = filterBar(filters, {
    scope,
    onChange: (next) => {
      filters = next
      replaceQuery(path, filters)
      load()
    }
  })
  const counts = taskCounts(() => filterQuery(filters, scope), bar, abort.signal)
  const add =
    scope === 'all'
      ? undefined
      : quickAdd({
          list: list.list,
          onAdded: (task, draft) => {
            list.add(task, draft)
            counts.update()
          }
        })
  const load = () => {
    counts.update()
    list.reload()
  }
  load()
  return {
    title,
    node: page({ title, beside: counts.overdue }, add?.node, bar.node, list.node),
    keys: [
      ...(add ? [['n', 'Add a task', () => add.input.focus()]] : []),
      ['/', 'Search', () => bar.search.focus()],
      ...rowShortcuts(list.list)
    ],
    stop: () => {
      list.stop()
      abort.abort()
    }
  }
}

function taskList({ title, scope, filters, onChange, onTagClick, resetFilters }) {
  let query
  const row = (task) =>
    taskRow(task, {
      onTagClick,
      showOwner: scope === 'all',
      onChange: () => {
        list.updateCount()
        onChange()
      }
    })
  const list = infiniteList({
    noun: ['task', 'tasks'],
    row,
    keep: (node) => node.matches('.task-editing, .task-draft'),
    list: h('ul', { class: 'list tasks', 'aria-label': title }),
    load: (cursor, signal) =>
      call('GET', '/tasks', { query: { ...query, limit: PAGE_SIZE, cursor }, signal }),
    empty: () => emptyTasks(filters(), scope, resetFilters)
  })
  return {
    node: list.node,
    list: list.list,
    stop: list.stop,
    reload: () => {
      const { sort = 'created_at_desc' } = filters()
      query = { ...filterQuery(filters(), scope), ...statusQuery(filters()), sort }
      return list.reload()
    },
    /** Puts a new task in the place of its draft, or at the top. */
    add: (task, draft) => {
      list.list.querySelector(`[data-id="${task.id}"]`)?.remove()
      if (draft) {
        draft.replaceWith(row(task))
      } else {
        list.list.prepend(row(task))
      }
      list.updateCount()
    }
  }
}

function emptyTasks(filters, scope, resetFilters) {
  if (Object.keys(filters).some((name) => name !== 'sort')) {
    const reset = button('Show all open tasks', resetFilters)
    return emptyState('No tasks found', 'No task matches these filters.', reset)
  }
  return scope === 'all'
    ? emptyState('All done', 'There are no open tasks.')
    : emptyState('All done', 'You have no open tasks. Enter a title above, or press n.')
}

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

/** Lists deleted tasks, which can be restored until they are purged. */
export function trashPage() {
  const list = infiniteList({
    noun: ['deleted task', 'deleted tasks'],
    list: h('ul', { class: 'list tasks', 'aria-label': 'Deleted tasks' }),
    load: (cursor, signal) =>
      call('GET', '/tasks', {
        query: { deleted: 'only', sort: 'updated_at_desc', limit: PAGE_SIZE, cursor },
        signal
      }),
    row: (task) => taskRow(task, { onChange: list.updateCount }),
    empty: () =>
      emptyState('The trash is empty', 'You can restore deleted tasks here until they are purged.')
  })
  list.reload()
  return {
    title: 'Trash',
    node: page({ title: 'Trash' }, list.node),
    stop: list.stop,
    keys: rowShortcuts(list.list).slice(0, 2)
  }
}
