import { h } from '../lib/dom.js'
import { button } from '../ui/button.js'
import { unwatchForm, watchForm } from '../ui/dirty-forms.js'
import { form } from '../ui/form.js'
import { muted } from '../ui/page.js'
import { ACCESS_NOTES } from './access.js'
import { isSameValue, withDue } from './fields.js'
import { taskFields } from './task-fields.js'

const NEW_TASK = {
  title: '',
  description: null,
  status: 'todo',
  priority: 'medium',
  due_date: null,
  tags: [],
  assignee_id: null,
  project_id: null
}

/**
 * Creates the form of a task. `save(change)` gets only the fields that the user changed, so that the seconds of a due
 * date, which the form cannot show, are not lost.
 */
export function taskForm(task, options) {
  const { submitLabel, save, cancel, moreButtons = [], initialTitle, access = 'edit' } = options
  const before = withDue({ ...NEW_TASK, ...task })
  const fields = taskFields(
    initialTitle === undefined ? before : { ...before, title: initialTitle }
  )
  const { title, description, status, priority, due, time, tags, assignee, project } = fields
  const changes = () => {
    const values = {
      title: title.input.value.trim(),
      description: description.input.value === '' ? null : description.input.value,
      status: status.input.value,
      priority: priority.input.value,
      due_date: due.value(),
      tags: tags.value(),
      assignee_id: assignee.value() || null,
      project_id: project.input.value || null
    }
    return Object.fromEntries(
      Object.entries(values).filter(([name, value]) => !isSameValue(name, value, before[name]))
    )
  }
  const close = () => {
    unwatchForm(node)
    cancel()
  }
  const { node } = form({
    fields: Object.values(fields),
    submitLabel,
    kind: 'task-form',
    layout: [
      ACCESS_NOTES[access] && muted(ACCESS_NOTES[access]),
      title.node,
      description.node,
      h('div', { class: 'columns columns-close' }, status.node, priority.node, due.node, time.node),
      h('div', { class: 'columns' }, project.node, assignee.node),
      tags.node
    ],
    moreButtons: [button(access === 'read' ? 'Close' : 'Cancel', close), moreButtons],
    check: () => (access === 'edit' ? taskErrors(fields) : []),
    submit: async () => {
      await withNames(save(changes()), assignee)
      unwatchForm(node)
    }
  })
  restrict(node, fields, access)
  const isDirty = () => tags.input.value !== '' || Object.keys(changes()).length > 0
  watchForm(node, isDirty)
  addFormKeys(node, { isDirty, close })
  const focusable = () => node.querySelector(':is(input, select, button):not(:disabled)')
  return { node, focus: () => focusable().focus() }
}

/** Leaves enabled what the user may change: everything, the status or nothing. */
function restrict(node, fields, access) {
  if (access === 'edit') {
    return
  }
  for (const one of Object.values(fields)) {
    if (access === 'read' || one.name !== 'status') {
      for (const control of one.node.querySelectorAll('input, textarea, select, button')) {
        control.disabled = true
      }
    }
  }
  node.querySelector('.button-primary').hidden = access === 'read'
}

/** Waits for a change. The server calls an assignee whom it rejects by id, the user knows them by name. */
async function withNames(saving, assignee) {
  try {
    return await saving
  } catch (error) {
    const rejected = error.code === 'not_a_member' && error.errorAt('assignee_id')
    if (rejected) {
      const name = assignee.input.value
      rejected.detail = `${name} is not a member of the project. Add them, or choose a member.`
    }
    throw error
  }
}

function taskErrors({ title, due, time, tags }) {
  const tagError = tags.addTyped()
  if (tagError) {
    return [[tags, tagError]]
  }
  if (title.input.value.trim() === '') {
    return [[title, 'Enter a title.']]
  }
  if (time.input.validity.badInput) {
    return [[time, 'Enter a complete time, or none.']]
  }
  const isIncomplete = due.input.validity.badInput || (time.input.value && !due.input.value)
  return isIncomplete ? [[due, 'Enter a complete date.']] : []
}

/** Ctrl+Enter submits. Escape closes the form unless it holds changes. */
function addFormKeys(node, { isDirty, close }) {
  node.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      node.requestSubmit()
    }
    if (event.key === 'Escape') {
      // The default would close a dialog around the form.
      event.preventDefault()
      if (!isDirty()) {
        close()
      }
    }
  })
}
