import { call } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { idempotentSubmit } from '../lib/idempotency.js'
import { isAborted } from '../lib/problem.js'
import { remember } from '../lib/undo.js'
import { button } from '../ui/button.js'
import { openDialog } from '../ui/dialog.js'
import { icon } from '../ui/icons.js'
import { leaveByEscape } from '../ui/shortcuts.js'
import { toast, toastProblem } from '../ui/toast.js'
import { linesOf, MAX_LINES, pasteTasks } from './paste-tasks.js'
import { MAX_LENGTH, quickText } from './quick-text.js'
import { taskForm } from './task-form.js'

const createTask = (body, idempotencyKey) => call('POST', '/tasks', { body, idempotencyKey })

/**
 * Creates the form that adds a task by its title, in which words such as `!high` and `tomorrow` say more. The row
 * appears at once, marked as unsaved. If saving fails, the text goes back into the input. Several pasted lines become
 * as many tasks. `onAdded(task, draft)` gets the new task and the unsaved row; the task goes into the project
 * `projectId()`, or into none, and has the values of `defaults()`, unless its words say otherwise.
 */
export function quickAdd({ list, onAdded, projectId, defaults = () => ({}) }) {
  const input = titleInput()
  const words = quickText(input, { projectId })
  const fieldsOf = ({ title, fields }) => ({
    ...startOf(projectId(), defaults()),
    title,
    ...fields
  })
  const onsubmit = (event) => {
    event.preventDefault()
    addTask(input, { list, onAdded, words, fieldsOf })
  }
  const openDetails = async () => {
    const text = input.value
    const read = await words.read()
    input.value = ''
    words.show()
    const onCancel = () => {
      input.value = text
      words.show()
    }
    openTaskDialog({ start: fieldsOf(read), onAdded, onCancel })
  }
  input.addEventListener('keydown', leaveByEscape)
  input.addEventListener('paste', (event) => addPasted(event, { onAdded, words, fieldsOf }))
  const node = h(
    'form',
    { class: 'quick-add', onsubmit },
    words.node,
    h('button', { class: 'button button-primary' }, icon('plus'), label('Add')),
    button([icon('edit'), label('Details…')], openDetails, { kind: 'quick-details' }),
    words.chips
  )
  return { node, input }
}

const titleInput = () =>
  h('input', {
    class: 'input',
    name: 'new-task',
    'aria-label': 'Title of a new task',
    placeholder: 'Add a task, such as: Pay rent tomorrow 9:00 !high #home',
    maxlength: MAX_LENGTH,
    autocomplete: 'off'
  })

/** On a telephone there is room for the pictures of the buttons only. */
const label = (text) => h('span', { class: 'quick-label' }, text)

const startOf = (project_id, defaults) => ({
  ...defaults,
  ...(project_id !== null && { project_id })
})

async function addTask(input, { list, onAdded, words, fieldsOf }) {
  const text = input.value
  if (text.trim() === '') {
    input.focus()
    return
  }
  const reading = words.read()
  input.value = ''
  words.show()
  const read = await reading
  const draft = draftRow(read.title)
  list.prepend(draft)
  try {
    const task = await idempotentSubmit(createTask)(fieldsOf(read))
    rememberNew(task)
    onAdded(task, draft)
  } catch (error) {
    draft.remove()
    if (input.value === '') {
      input.value = text
      words.show()
    }
    if (isAborted(error)) {
      return
    }
    toastProblem(`“${read.title}” could not be saved.`, error)
    input.focus()
  }
}

const rememberNew = ({ id, version, title }) =>
  remember({ label: `“${title}” was added`, steps: [{ op: 'delete', id, version }] })

/** Several lines are several tasks; one is pasted as any text. */
async function addPasted(event, { onAdded, words, fieldsOf }) {
  const lines = linesOf(event.clipboardData?.getData('text/plain') ?? '')
  if (lines.length < 2) {
    return
  }
  event.preventDefault()
  const reads = await words.readLines(lines.slice(0, MAX_LINES))
  const tasks = await pasteTasks(reads, { fieldsOf, found: lines.length })
  for (const task of (tasks ?? []).toReversed()) {
    onAdded(task)
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
function openTaskDialog({ start, onAdded, onCancel }) {
  const create = idempotentSubmit(createTask)
  const { title, ...given } = start
  return openDialog({
    title: 'New task',
    kind: 'dialog-wide',
    body: (close) => {
      const cancel = () => {
        onCancel()
        close()
      }
      const save = async (fields) => {
        const task = await create({ ...given, ...fields })
        onAdded(task)
        close()
        toast('Task added.', { undo: rememberNew(task) })
      }
      return taskForm(given, { submitLabel: 'Add task', initialTitle: title, save, cancel }).node
    }
  })
}
