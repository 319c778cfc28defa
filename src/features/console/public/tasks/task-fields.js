import { h } from '../lib/dom.js'
import { field, select } from '../ui/form.js'
import { personPicker } from '../ui/person-picker.js'
import { dueFields } from './due-fields.js'
import { PRIORITIES, STATUSES } from './labels.js'
import { projectField } from './project-field.js'
import { tagField } from './tag-field.js'

/** Creates the fields of the form of a task. */
export function taskFields(task) {
  const { title, description, status, priority, due_date, tags, assignee_id, project_id } = task
  const project = projectField(project_id)
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
      projectId: () => project.input.value || null
    }),
    project
  }
}
