import { h } from '../lib/dom.js'
import { isMe, people } from '../lib/people.js'
import { isAtLeast, user } from '../lib/session.js'
import { instantOf, localInput, ZONE } from '../lib/time.js'
import { field, form, select } from '../ui/form.js'
import { release, watchUnsent } from '../ui/unsent.js'
import { tagField } from './tag-field.js'
import { isSame, PRIORITY, STATUS } from './words.js'

/**
 * The fields of a task. `save(change)` gets only what differs from `task`; what was not touched is not sent, so that a
 * second that this form cannot show is not lost.
 */
export function taskForm(task, { act, save, cancel, more = [], wish = '' }) {
  const title = field({
    label: 'Title',
    name: 'title',
    value: task.title ?? wish,
    maxlength: '400',
    autocomplete: 'off',
    autofocus: true
  })
  const description = field({
    label: 'Description',
    name: 'description',
    control: h('textarea', {
      class: 'input',
      name: 'description',
      rows: '3',
      maxlength: '10000',
      value: task.description ?? ''
    })
  })
  const status = field({
    label: 'Status',
    name: 'status',
    control: select('status', Object.entries(STATUS), { value: task.status ?? 'todo' })
  })
  const priority = field({
    label: 'Priority',
    name: 'priority',
    control: select('priority', Object.entries(PRIORITY), { value: task.priority ?? 'medium' })
  })
  const dueBefore = localInput(task.due_date)
  const due = field({
    label: 'Due',
    name: 'due_date',
    type: 'datetime-local',
    value: dueBefore,
    max: '9999-12-31T23:59',
    hint: `Your time (${ZONE}).`
  })
  const tags = tagField(task.tags ?? [])
  const assignee = assigneeField(task.assignee_id ?? null)
  const fields = [title, description, status, priority, due, tags, assignee]

  const values = () => ({
    title: title.input.value.trim(),
    description: description.input.value === '' ? null : description.input.value,
    status: status.input.value,
    priority: priority.input.value,
    due_date: due.input.value === dueBefore ? (task.due_date ?? null) : instantOf(due.input.value),
    tags: tags.value(),
    assignee_id: assignee.input.value === '' ? null : assignee.input.value
  })
  const EMPTY = {
    title: '',
    description: null,
    status: 'todo',
    priority: 'medium',
    due_date: null,
    tags: [],
    assignee_id: null
  }
  const changed = () =>
    Object.fromEntries(
      Object.entries(values()).filter(
        ([name, value]) => !isSame(name, value, (task.id ? task : EMPTY)[name])
      )
    )
  const isDirty = () => tags.input.value !== '' || Object.keys(changed()).length > 0

  const made = form({
    fields,
    act,
    kind: 'task-form',
    layout: [
      title.node,
      description.node,
      h('div', { class: 'columns columns-close' }, status.node, priority.node, due.node),
      h('div', { class: 'columns' }, tags.node, assignee.node)
    ],
    more: [
      h(
        'button',
        {
          type: 'button',
          class: 'button',
          onclick: () => {
            release(node)
            cancel()
          }
        },
        'Cancel'
      ),
      more
    ],
    check: () => {
      if (!tags.take()) {
        return [[tags, 'This is not a tag.']]
      }
      if (title.input.value.trim() === '') {
        return [[title, 'A task needs a title.']]
      }
      return due.input.validity.badInput ? [[due, 'This is no complete date and time.']] : []
    },
    submit: async () => {
      await save(changed())
      release(node)
    }
  })
  const { node } = made
  watchUnsent(node, isDirty)
  node.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      node.requestSubmit()
    }
    if (event.key !== 'Escape') {
      return
    }
    // What was typed goes by the button only; the default would close a dialog around it.
    event.preventDefault()
    if (!isDirty()) {
      release(node)
      cancel()
    }
  })
  return { node, focus: () => title.input.focus() }
}

/** People to choose from are known to admins; others know themselves, and managers may name an id. */
function assigneeField(id) {
  const control =
    isAtLeast('manager') && !isAtLeast('admin')
      ? h('input', {
          class: 'input',
          name: 'assignee_id',
          value: id ?? '',
          maxlength: '36',
          placeholder: 'A user’s id',
          autocomplete: 'off'
        })
      : select(
          'assignee_id',
          [
            ['', 'Nobody'],
            [user().id, 'You'],
            ...(id && !isMe(id) ? [[id, `User ${id.slice(-6)}`]] : [])
          ],
          { value: id ?? '' }
        )
  people().then((all) => {
    for (const one of all) {
      const option = [...(control.options ?? [])].find(({ value }) => value === one.id)
      if (!option) {
        control.append(h('option', { value: one.id }, one.title))
      } else if (!isMe(one.id)) {
        option.textContent = one.title
      }
    }
  })
  return field({ label: 'Assigned to', name: 'assignee_id', control })
}
