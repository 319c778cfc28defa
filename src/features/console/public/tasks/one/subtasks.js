import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { idempotentSubmit } from '../../lib/idempotency.js'
import { isAborted } from '../../lib/problem.js'
import { isMadeHere } from '../../lib/writes.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { keepLive } from '../../ui/keep-live.js'
import { panel } from '../../ui/page.js'
import { toastProblem } from '../../ui/toast.js'
import { accessTo } from '../access.js'
import { rowActions, taskRow } from '../row.js'
import { loadTasks, updateRow } from '../task-list.js'

const PAGE_SIZE = 100

/** The subtasks of a task, with a form that adds one where the user may and the depth allows it. */
export function subtasksPanel(state, { mayNest }) {
  const { id } = state.task()
  const progress = h('p', { class: 'muted subtask-progress', role: 'status' })
  const count = () => {
    const rows = [...list.list.querySelectorAll(':scope > .task')]
    const done = rows.filter((row) => row.classList.contains('task-done')).length
    const text = rows.length > 0 ? `${done} of ${rows.length} done` : ''
    if (progress.textContent !== text) {
      progress.textContent = text
    }
    list.updateCount()
  }
  const row = (task) =>
    taskRow(task, { isSelectable: false, onChange: count, onSettled: () => live.refresh() })
  const list = infiniteList({
    noun: ['subtask', 'subtasks'],
    row,
    keep: (node) => node.matches('.task-editing'),
    update: updateRow,
    list: h('ul', { class: 'list tasks subtasks', 'aria-label': 'Subtasks' }),
    load: async (cursor, signal, quietly) => {
      const query = { parent_id: id, sort: 'created_at_asc', limit: PAGE_SIZE, cursor }
      const page = await loadTasks(query, signal, quietly)
      setTimeout(count)
      return page
    },
    empty: () => null
  })
  const live = keepLive(list, { concerns: (change) => concerns(change, list.list, id) })
  const add = addForm(state, (task) => {
    list.list.append(row(task))
    count()
  })
  const node = panel('Subtasks', progress, list.node, add.node)
  state.watch((task) => {
    add.node.hidden = !mayNest || accessTo(task) !== 'edit'
    // Without any there is nothing to say to those who cannot add one.
    node.classList.toggle('subtasks-closed', add.node.hidden)
  })
  list.reload()
  return {
    node,
    focus: () => (add.node.hidden ? false : add.input.focus()),
    list: list.list,
    stop: () => {
      live.stop()
      list.stop()
    }
  }
}

/** A subtask that moves elsewhere is in the list no more, and one that comes may have been any task. */
function concerns(change, list, parentId) {
  if (change.resource.type !== 'task') {
    return /^(access\.|project\.(deleted|restored))/.test(change.type)
  }
  const row = list.querySelector(`[data-id="${change.resource.id}"]`)
  if (row) {
    return rowActions(row).learn(change)
  }
  return change.data?.parent_id === parentId && !isMadeHere(change)
}

function addForm(state, onAdded) {
  const create = idempotentSubmit((body, idempotencyKey) =>
    call('POST', '/tasks', { body, idempotencyKey })
  )
  const input = h('input', {
    class: 'input',
    name: 'new-subtask',
    'aria-label': 'Title of a new subtask',
    placeholder: 'Add a subtask',
    maxlength: '400',
    autocomplete: 'off'
  })
  const onsubmit = async (event) => {
    event.preventDefault()
    const title = input.value.trim()
    if (title === '') {
      input.focus()
      return
    }
    input.value = ''
    try {
      onAdded(await create({ title, parent_id: state.task().id }))
    } catch (error) {
      if (input.value === '') {
        input.value = title
      }
      if (!isAborted(error)) {
        toastProblem(`“${title}” could not be added.`, error)
      }
    }
  }
  const node = h(
    'form',
    { class: 'subtask-add', onsubmit },
    input,
    h('button', { class: 'button' }, 'Add')
  )
  return { node, input }
}
