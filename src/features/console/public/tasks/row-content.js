import { h, replace } from '../lib/dom.js'
import { isCurrentUser, personNode } from '../lib/people.js'
import { plainText } from '../lib/plain-text.js'
import { knownProject, projectHash, projectNode } from '../lib/projects.js'
import { hashOf } from '../lib/router.js'
import { dueOf, formatDue, formatDueInFull, formatRelative, isOverdue } from '../lib/time.js'
import { button, iconButton } from '../ui/button.js'
import { icon } from '../ui/icons.js'
import { projectDot } from '../ui/project-dot.js'
import { badge } from '../ui/row.js'
import { accessTo } from './access.js'
import { PRIORITIES, STATUSES } from './labels.js'

/** Renders a task into its row. */
export function renderTask(row, task, actions, options) {
  row.className = ['task', task.completed && 'task-done', isLate(task) && 'task-overdue']
    .filter(Boolean)
    .join(' ')
  noteGroups(row, task)
  const isDeleted = task.deleted_at !== null
  const access = accessTo(task)
  replace(
    row,
    isDeleted ? trashIcon() : checkbox(task, actions, access),
    h(
      'div',
      { class: 'task-main' },
      isDeleted
        ? h('p', { class: 'task-title' }, task.title)
        : h('a', { class: 'task-title', href: hashOf(`/tasks/${task.id}`) }, task.title),
      task.description && h('p', { class: 'task-text' }, plainText(task.description)),
      taskDetails(task, options)
    ),
    h(
      'div',
      { class: 'task-actions' },
      isDeleted
        ? access === 'edit' && restoreButton(task, actions)
        : actionButtons(task, actions, access)
    )
  )
}

/** Nobody waits for what is in the trash. */
const isLate = (task) => task.deleted_at === null && isOverdue(task)

/** Writes into the row by what it may be grouped. */
function noteGroups({ dataset }, { id, status, priority, project_id, ...task }) {
  const written = { id, status, priority, project: project_id, due: dueOf(task) }
  for (const [name, value] of Object.entries(written)) {
    if (value === null) {
      delete dataset[name]
    } else if (dataset[name] !== value) {
      dataset[name] = value
    }
  }
}

const trashIcon = () => h('span', { class: 'task-checkbox-space' }, icon('trash'))

const checkbox = (task, { toggle }, access) =>
  h('input', {
    type: 'checkbox',
    class: 'task-checkbox',
    checked: task.completed,
    disabled: access === 'read',
    indeterminate: task.status === 'in_progress',
    'aria-label': `Done: ${task.title}`,
    onchange: toggle
  })

const taskDetails = (task, { showOwner, showProject, onTagClick }) =>
  h(
    'p',
    { class: 'task-details' },
    showProject && task.project_id && projectLink(task.project_id),
    task.status === 'in_progress' && badge(STATUSES.in_progress, 'badge-accent'),
    task.priority !== 'medium' && priorityBadge(task.priority),
    task.tags.map((tag) => tagNode(tag, onTagClick)),
    (showOwner || isOfSomebodyElse(task)) &&
      h('span', { class: 'task-person' }, 'Owner: ', personNode(task.owner_id)),
    isMadeBySomebodyElse(task, showOwner) &&
      h('span', { class: 'task-person task-maker' }, 'Created by ', personNode(task.created_by)),
    task.assignee_id && assigneeNode(task.assignee_id),
    task.due_date && dueNode(task),
    task.deleted_at && h('span', {}, 'Deleted ', formatRelative(task.deleted_at))
  )

/** The project says whose its tasks are. */
const isOfSomebodyElse = ({ owner_id, project_id }) =>
  project_id === null && !isCurrentUser(owner_id)

/** In a project the owner says nothing about who wrote a task; where the owner is shown, once is enough. */
const isMadeBySomebodyElse = ({ created_by, owner_id, project_id }, showOwner) =>
  !isCurrentUser(created_by) && (created_by !== owner_id || (project_id !== null && !showOwner))

const projectLink = (id) =>
  h(
    'a',
    { class: 'project-link', href: projectHash({ id }) },
    projectDot(knownProject(id)?.color),
    projectNode(id)
  )

/** What goes without saying where there is little room is a `word`; it is still read out. */
const word = (text) => h('span', { class: 'word' }, text)

/** Shows a priority, which is `High priority` in full. */
export const priorityBadge = (priority) =>
  badge([PRIORITIES[priority], word(' priority')], `badge-${priority}`)

export const assigneeNode = (id) =>
  h('span', { class: 'task-person' }, word('Assigned to '), icon('account'), personNode(id))

/** Shows when a task is due. */
export function dueNode(task) {
  const due = dueOf(task)
  return h(
    'time',
    { class: 'due', datetime: due, title: formatDueInFull(due) },
    icon('clock'),
    word(isLate(task) ? 'Overdue: ' : 'Due '),
    formatDue(due)
  )
}

const tagNode = (tag, onTagClick) => {
  if (!onTagClick) {
    return h('span', { class: 'tag' }, tag)
  }
  const name = `Tasks tagged ${tag}`
  const onclick = () => onTagClick(tag)
  return h('button', { type: 'button', class: 'tag', 'aria-label': name, onclick }, tag)
}

const restoreButton = ({ title }, { restore }) =>
  button([icon('undo'), 'Restore'], restore, { 'aria-label': `Restore ${title}` })

const actionButtons = ({ title }, { history, edit, remove }, access) => [
  iconButton('history', `History of ${title}`, history, { title: 'History' }),
  access === 'edit' && iconButton('edit', `Edit ${title}`, edit, { title: 'Edit' }),
  access === 'edit' &&
    iconButton('trash', `Delete ${title}`, remove, { kind: 'icon-danger', title: 'Delete' })
]
