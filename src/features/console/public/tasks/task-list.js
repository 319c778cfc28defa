import { call } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { loadProjectsOf } from '../lib/projects.js'
import { button } from '../ui/button.js'
import { emptyState } from '../ui/empty-state.js'
import { infiniteList } from '../ui/infinite-list.js'
import { toast } from '../ui/toast.js'
import { taskRow } from './row.js'
import { filterQuery, statusQuery } from './task-query.js'

const PAGE_SIZE = 50

/**
 * Creates the list of tasks that match `filters()`: the user's, everybody's with `scope`, or those of a `project`.
 * `add(task, draft)` puts a new task in the place of its draft, or at the top.
 */
export function taskList({
  title,
  scope,
  project,
  mayAdd,
  filters,
  onChange,
  onTagClick,
  showAll
}) {
  let query
  const row = (task) => {
    const node = taskRow(task, {
      onTagClick,
      showOwner: scope === 'all',
      showProject: project === undefined,
      onChange: (next) => {
        if (project && next.project_id !== project.id) {
          removeMoved(node, next)
        }
        list.updateCount()
        onChange()
      }
    })
    return node
  }
  const list = infiniteList({
    noun: ['task', 'tasks'],
    row,
    keep: (node) => node.matches('.task-editing, .task-draft'),
    list: h('ul', { class: 'list tasks', 'aria-label': title }),
    load: (cursor, signal) => loadTasks({ ...query, limit: PAGE_SIZE, cursor }, signal),
    empty: () => emptyTasks(filters(), { scope, project, mayAdd, showAll })
  })
  return {
    node: list.node,
    list: list.list,
    stop: list.stop,
    reload: () => {
      const { sort = 'created_at_desc' } = filters()
      query = { ...filterQuery(filters(), { scope, project }), ...statusQuery(filters()), sort }
      return list.reload()
    },
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

/** Loads a page of tasks, and the projects that they are in. */
export async function loadTasks(query, signal) {
  const loaded = await call('GET', '/tasks', { query, signal })
  await loadProjectsOf(loaded.data)
  return loaded
}

/** A task that went to another list is not part of this one any more. */
function removeMoved(node, { title }) {
  const neighbour = node.nextElementSibling ?? node.previousElementSibling
  node.remove()
  neighbour?.querySelector('.task-title')?.focus()
  toast(`“${title}” is not in this project any more.`)
}

function emptyTasks(filters, { scope, project, mayAdd, showAll }) {
  if (Object.keys(filters).some((name) => name !== 'sort')) {
    const reset = button('Show all open tasks', showAll)
    return emptyState('No tasks found', 'No task matches these filters.', reset)
  }
  const none = project ? 'There are no open tasks in this project.' : 'You have no open tasks.'
  return scope === 'all'
    ? emptyState('All done', 'There are no open tasks.')
    : emptyState('All done', mayAdd ? `${none} Enter a title above, or press n.` : none)
}
