import { h } from '../lib/dom.js'
import { button } from '../ui/button.js'
import { unwatchForm, watchForm } from '../ui/dirty-forms.js'
import { field, form, select } from '../ui/form.js'
import { personPicker } from '../ui/person-picker.js'
import { dueFields } from './due-fields.js'
import { isSameValue, withDue } from './fields.js'
import { PRIORITIES, STATUSES } from './labels.js'
import { tagField } from './tag-field.js'

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
export function taskForm(task, { submitLabel, save, cancel, moreButtons = [], initialTitle = '' }) {
  const before = withDue({ ...NEW_TASK, ...task })
  const { title, description, status, priority, due, time, tags, assignee } = taskFields(
    task.title === undefined ? { ...before, title: initialTitle } : before
  )
  const changes = () => {
    const values = {
      title: title.input.value.trim(),
      description: description.input.value === '' ? null : description.input.value,
      status: status.input.value,
      priority: priority.input.value,
      due_date: due.value(),
      tags: tags.value(),
      assignee_id: assignee.value() || null
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
    fields: [title, description, status, priority, due, time, tags, assignee],
    submitLabel,
    kind: 'task-form',
    layout: [
      title.node,
      description.node,
      h('div', { class: 'columns columns-close' }, status.node, priority.node, due.node, time.node),
      h('div', { class: 'columns' }, tags.node, assignee.node)
    ],
    moreButtons: [button('Cancel', close), moreButtons],
    check: () => taskErrors({ title, due, time, tags }),
    submit: async () => {
      await save(changes())
      unwatchForm(node)
    }
  })
  const isDirty = () => tags.input.value !== '' || Object.keys(changes()).length > 0
  watchForm(node, isDirty)
  addFormKeys(node, { isDirty, close })
  return { node, focus: () => title.input.focus() }
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

function taskFields({
  title,
  description,
  status,
  priority,
  due_date,
  tags,
  assignee_id,
  project_id
}) {
  return {
    title: field({
      label: 'Title',
      name: 'title',
      value: title,
      maxlength: '400',
      autocomplete: 'off',
      autofocus: true
    }),
    description: field({
      label: 'Description',
      name: 'description',
      control: h('textarea', {
        class: 'input',
        name: 'description',
        rows: '3',
        maxlength: '10000',
        value: description ?? ''
      })
    }),
    status: field({
      label: 'Status',
      name: 'status',
      control: select('status', Object.entries(STATUSES), { value: status })
    }),
    priority: field({
      label: 'Priority',
      name: 'priority',
      control: select('priority', Object.entries(PRIORITIES), { value: priority })
    }),
    ...dueFields(due_date),
    tags: tagField(tags),
    assignee: personPicker({
      label: 'Assigned to',
      name: 'assignee_id',
      value: assignee_id ?? '',
      projectId: () => project_id
    })
  }
}
