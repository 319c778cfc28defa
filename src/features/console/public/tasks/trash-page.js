import { h } from '../lib/dom.js'
import { emptyState } from '../ui/empty-state.js'
import { infiniteList } from '../ui/infinite-list.js'
import { keepLive } from '../ui/keep-live.js'
import { page } from '../ui/page.js'
import { taskRow } from './row.js'
import { rowShortcuts } from './row-shortcuts.js'
import { loadTasks, updateRow } from './task-list.js'

const PAGE_SIZE = 50

/** Lists deleted tasks, which can be restored until they are purged. */
export function trashPage() {
  const list = infiniteList({
    noun: ['deleted task', 'deleted tasks'],
    list: h('ul', { class: 'list tasks', 'aria-label': 'Deleted tasks' }),
    load: (cursor, signal, quietly) =>
      loadTasks(
        { deleted: 'only', sort: 'updated_at_desc', limit: PAGE_SIZE, cursor },
        signal,
        quietly
      ),
    update: updateRow,
    row: (task) =>
      taskRow(task, { showProject: true, isSelectable: false, onChange: list.updateCount }),
    empty: () =>
      emptyState('The trash is empty', 'You can restore deleted tasks here until they are purged.')
  })
  list.reload()
  const live = keepLive(list, { concerns: ({ resource }) => resource.type === 'task' })
  return {
    title: 'Trash',
    node: page({ title: 'Trash' }, list.node),
    stop: () => {
      live.stop()
      list.stop()
    },
    keys: rowShortcuts(list.list).slice(0, 2)
  }
}
