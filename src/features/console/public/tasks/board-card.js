import { h, replace } from '../lib/dom.js'
import { knownProject, projectNode } from '../lib/projects.js'
import { dueOf, isOverdue } from '../lib/time.js'
import { icon } from '../ui/icons.js'
import { keepingFocus } from '../ui/keep-focus.js'
import { projectDot } from '../ui/project-dot.js'
import { assigneeNode, dueNode, priorityBadge } from './row-content.js'
import { createMark } from './row-mark.js'

const tasks = new WeakMap()
const marks = new WeakMap()
/** Returns the task that a card shows. */
export const taskOf = (card) => tasks.get(card)
/** Returns what the selection needs to do with a card. */
export const cardActions = (card) => marks.get(card)?.actions

/** Creates the card of a task. `open(task)` is called by its title. */
export function taskCard(task, options) {
  const card = h('li', { class: 'card-task' })
  const { show, actions } = createMark(card, {})
  const update = (next) => showOnCard(card, next, options)
  marks.set(card, { show, actions: { ...actions, update, task: () => taskOf(card) } })
  update(task)
  return card
}

/** Shows a newer state of a task on its card. */
export function showOnCard(card, task, { open, showProject, hintId }) {
  tasks.set(card, task)
  card.dataset.id = task.id
  card.classList.toggle('task-done', task.completed)
  card.classList.toggle('task-overdue', isOverdue(task))
  const title = h(
    'button',
    {
      type: 'button',
      class: 'task-title',
      'aria-describedby': hintId,
      onclick: () => open(taskOf(card))
    },
    task.title
  )
  keepingFocus(card, card, () => {
    replace(card, title, details(task, showProject))
    marks.get(card).show(task)
  })
}

const details = (task, showProject) =>
  h(
    'p',
    { class: 'task-details' },
    showProject &&
      task.project_id &&
      h('span', {}, projectDot(knownProject(task.project_id)?.color), projectNode(task.project_id)),
    task.priority !== 'medium' && priorityBadge(task.priority),
    dueOf(task) && dueNode(task),
    task.tags.slice(0, MAX_TAGS).map((tag) => h('span', { class: 'tag' }, tag)),
    task.tags.length > MAX_TAGS && h('span', {}, `+${task.tags.length - MAX_TAGS}`),
    task.comment_count > 0 &&
      h('span', { class: 'card-count' }, icon('comment'), commentCount(task.comment_count)),
    task.assignee_id && assigneeNode(task.assignee_id)
  )

const MAX_TAGS = 3

const commentCount = (count) => [
  String(count),
  h('span', { class: 'visually-hidden' }, count === 1 ? ' comment' : ' comments')
]
