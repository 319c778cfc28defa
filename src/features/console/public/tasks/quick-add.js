import { call } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { idempotentSubmit } from '../lib/idempotency.js'
import { isAborted } from '../lib/problem.js'
import { button } from '../ui/button.js'
import { openDialog } from '../ui/dialog.js'
import { icon } from '../ui/icons.js'
import { toast, toastProblem } from '../ui/toast.js'
import { taskForm } from './task-form.js'

const createTask = (body, idempotencyKey) => call('POST', '/tasks', { body, idempotencyKey })

/**
 * Creates the form that adds a task by its title. The row appears at once, marked as unsaved. If saving fails, the
 * title goes back into the input. `onAdded(task, draft)` gets the new task and the unsaved row;
 * the task goes into the project `projectId()`, or into none.
 */
export function quickAdd({ list, onAdded, projectId }) {
  const input = h('input', {
    class: 'input',
    name: 'new-task',
    'aria-label': 'Title of a new task',
    placeholder: 'Add a task',
    maxlength: '400',
    autocomplete: 'off'
  })
  const onsubmit = (event) => {
    event.preventDefault()
    addTask(input, { list, onAdded, project_id: projectId() })
  }
  const openDetails = () => {
    const title = input.value
    input.value = ''
    const onCancel = () => {
      input.value = title
    }
    openTaskDialog({ title, project_id: projectId(), onAdded, onCancel })
  }
  const node = h(
    'form',
    { class: 'quick-add', onsubmit },
    input,
    h('button', { class: 'button button-primary' }, icon('plus'), 'Add'),
    button('Details…', openDetails)
  )
  return { node, input }
}

async function addTask(input, { list, onAdded, project_id }) {
  const title = input.value.trim()
  if (title === '') {
    input.focus()
    return
  }
  input.value = ''
  const draft = draftRow(title)
  list.prepend(draft)
  try {
    const body = { title, ...(project_id !== null && { project_id }) }
    onAdded(await idempotentSubmit(createTask)(body), draft)
  } catch (error) {
    draft.remove()
    if (input.value === '') {
      input.value = title
    }
    if (isAborted(error)) {
      return
    }
    toastProblem(`“${title}” could not be saved.`, error)
    input.focus()
  }
}

const draftRow = (title) =>
  h(
    'li',
    { class: 'task task-draft', 'aria-busy': 'true' },
    h('span', { class: 'task-checkbox-space' }),
    h(
      'div',
      { class: 'task-main' },
      h('p', { class: 'task-title' }, title),
      h('p', { class: 'task-details' }, 'Saving…')
    )
  )

/** Opens a form for a new task with all fields. */
function openTaskDialog({ title, project_id, onAdded, onCancel }) {
  const create = idempotentSubmit(createTask)
  const inProject = project_id === null ? {} : { project_id }
  return openDialog({
    title: 'New task',
    kind: 'dialog-wide',
    body: (close) => {
      const cancel = () => {
        onCancel()
        close()
      }
      const save = async (fields) => {
        onAdded(await create({ ...inProject, ...fields }))
        close()
        toast('Task added.')
      }
      return taskForm(inProject, { submitLabel: 'Add task', initialTitle: title, save, cancel })
        .node
    }
  })
}
