import { h } from '../lib/dom.js'
import { button } from '../ui/button.js'
import { openDialog } from '../ui/dialog.js'
import { form } from '../ui/form.js'
import { personPicker } from '../ui/person-picker.js'
import { runBatch } from './batch.js'
import { dueFields } from './due-fields.js'
import { projectField } from './project-field.js'
import { tagField } from './tag-field.js'

/**
 * What can be done with several tasks at once: each action gets the tasks, asks for what it needs, and resolves to the
 * outcome of each task by id, or to undefined when nothing was tried.
 */
export const batchActions = () => ({
  complete: { label: 'Complete', picture: 'tick', run: complete },
  move: { label: 'Move', picture: 'project', run: move },
  assign: { label: 'Assign', picture: 'account', run: assign },
  tag: { label: 'Tag', picture: 'plus', run: addTags },
  due: { label: 'Due', picture: 'clock', run: setDue },
  remove: { label: 'Delete', picture: 'trash', run: remove }
})

/** Completes the tasks that are open, or opens all of them again where none is. */
function complete(tasks) {
  const open = tasks.filter(({ completed }) => !completed)
  const isReopening = open.length === 0
  return runBatch(
    tasks,
    (task) => (isReopening || !task.completed) && { status: isReopening ? 'todo' : 'done' },
    isReopening ? 'open again' : 'done'
  )
}

const remove = (tasks) => runBatch(tasks, undefined, 'in the trash')

/** Asks for a value in a dialog. `fields` are shown, the first with the focus, and `read()` returns the value. */
const ask = (title, submitLabel, { fields, read, check }) => {
  fields[0].input.setAttribute('autofocus', '')
  return openDialog({
    title,
    body: (close) =>
      form({
        fields,
        submitLabel,
        check,
        moreButtons: button('Cancel', () => close()),
        submit: async () => close({ value: read() })
      }).node
  })
}

const countOf = (tasks) => (tasks.length === 1 ? 'this task' : `${tasks.length} tasks`)

async function move(tasks) {
  const project = projectField(null)
  const chosen = await ask(`Move ${countOf(tasks)}`, 'Move', {
    fields: [project],
    read: () => project.input.value || null
  })
  const to = (task) => task.project_id !== chosen.value && { project_id: chosen.value }
  return chosen && runBatch(tasks, to, 'in another project')
}

async function assign(tasks) {
  const projects = new Set(tasks.map(({ project_id }) => project_id))
  const [only = null] = projects.size === 1 ? projects : []
  const person = personPicker({
    label: 'Assign to',
    name: 'assignee_id',
    projectId: () => only
  })
  const chosen = await ask(`Assign ${countOf(tasks)}`, 'Assign', {
    fields: [person],
    read: () => person.value() || null
  })
  const to = (task) => task.assignee_id !== chosen.value && { assignee_id: chosen.value }
  return chosen && runBatch(tasks, to, chosen.value === null ? 'unassigned' : 'assigned')
}

async function addTags(tasks) {
  const tags = tagField([])
  const chosen = await ask(`Tag ${countOf(tasks)}`, 'Add tags', {
    fields: [tags],
    check: () => {
      const error = tags.addTyped() ?? (tags.value().length === 0 && 'Enter a tag.')
      return error ? [[tags, error]] : []
    },
    read: tags.value
  })
  const withTags = (task) => {
    const added = chosen.value.filter((tag) => !task.tags.includes(tag))
    return added.length > 0 && { tags: [...task.tags, ...added] }
  }
  return chosen && runBatch(tasks, withTags, 'tagged')
}

async function setDue(tasks) {
  const { due, time } = dueFields(null)
  const isIncomplete = () =>
    due.input.validity.badInput ||
    time.input.validity.badInput ||
    (time.input.value !== '' && due.input.value === '')
  const chosen = await ask(`Set when ${countOf(tasks)} are due`, 'Set', {
    fields: [{ ...due, node: h('div', { class: 'columns columns-close' }, due.node, time.node) }],
    check: () => (isIncomplete() ? [[due, 'Enter a complete date, or none.']] : []),
    read: due.value
  })
  return (
    chosen &&
    runBatch(
      tasks,
      () => ({ due_date: chosen.value }),
      chosen.value === null ? 'without a due date' : 'due then'
    )
  )
}
