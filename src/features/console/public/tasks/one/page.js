import { call } from '../../lib/api.js'
import { h, replace } from '../../lib/dom.js'
import { isAborted } from '../../lib/problem.js'
import { hashOf, navigate } from '../../lib/router.js'
import { iconButton } from '../../ui/button.js'
import { hasDirtyForm } from '../../ui/dirty-forms.js'
import { loadedPage } from '../../ui/loaded-page.js'
import { page } from '../../ui/page.js'
import { toast, toastProblem } from '../../ui/toast.js'
import { ACCESS_NOTES, accessTo } from '../access.js'
import { rememberDeletion } from '../row.js'
import { rowShortcuts } from '../row-shortcuts.js'
import { activityPanel } from './activity.js'
import { commentsPanel } from './comments.js'
import { descriptionPanel } from './description.js'
import { factsPanel, projectCrumb } from './facts.js'
import { taskHeading } from './heading.js'
import { loadTask, saveOrSay, taskState } from './state.js'
import { subtasksPanel } from './subtasks.js'

/** The address of a task's page. */
export const taskHash = ({ id }) => hashOf(`/tasks/${id}`)

/** Shows a task with everything that belongs to it; each part is changed where it is shown. */
export function taskPage(_query, id) {
  const shown = loadedPage({
    title: 'Task',
    load: async (signal) => {
      const task = await loadTask(id, { signal })
      return { task, parent: await loadParent(task, signal) }
    },
    create: ({ task, parent }) => createPage(task, parent, { reload: () => shown.reload() }),
    missing: missingPage
  })
  return shown
}

/** Loads the task above, which those may not see who have only this one to do. */
async function loadParent({ parent_id }, signal) {
  if (parent_id === null) {
    return undefined
  }
  try {
    return await call('GET', `/tasks/${parent_id}`, { signal })
  } catch (error) {
    if (error.status === 404) {
      return undefined
    }
    throw error
  }
}

const missingPage = () => ({
  title: 'Task not found',
  node: page(
    { title: 'Task not found' },
    h('p', {}, 'This task does not exist, is in the trash, or you do not see it any more.'),
    h(
      'p',
      { class: 'actions' },
      h('a', { href: hashOf('/tasks') }, 'Show your tasks'),
      h('a', { href: hashOf('/trash') }, 'Look in the trash')
    )
  )
})

const GONE =
  'This task was deleted elsewhere, or you do not see it any more. What you typed is kept here.'

function createPage(task, parent, { reload }) {
  const hint = h('p', { class: 'task-hint', role: 'status' })
  const state = taskState(task, {
    onGone: () => (hasDirtyForm() ? replace(hint, GONE) : reload())
  })
  const remove = () => accessTo(state.task()) === 'edit' && deleteTask(state.task())
  const heading = taskHeading(state)
  const parts = {
    description: descriptionPanel(state),
    subtasks: subtasksPanel(state, { mayNest: (parent?.parent_id ?? null) === null }),
    comments: commentsPanel(state),
    activity: activityPanel(state)
  }
  const nodes = Object.values(parts).map(({ node }) => node)
  state.watch(({ parent_id }) => parent_id !== task.parent_id && !hasDirtyForm() && reload())
  return {
    title: task.title,
    node: h(
      'section',
      { class: 'page task-page' },
      topLine(state, { parent, remove }),
      hint,
      heading.node,
      accessNote(state),
      factsPanel(state),
      h('div', { class: 'task-parts' }, nodes)
    ),
    keys: keysOf(state, { heading, remove, ...parts }),
    stop: () => {
      state.stop()
      parts.subtasks.stop()
      parts.comments.stop()
      parts.activity.stop()
    }
  }
}

/** Where the task is, and what can be done with it as a whole. */
function topLine(state, { parent, remove }) {
  const crumbs = h('nav', { class: 'crumbs', 'aria-label': 'Where this task is' })
  const tools = h('div', { class: 'head-tools' })
  let shown
  state.watch((task) => {
    const key = JSON.stringify([task.project_id, accessTo(task)])
    if (shown !== key) {
      shown = key
      replace(crumbs, crumbsOf(task, parent))
      replace(tools, toolsOf(task, remove))
    }
  })
  return h('div', { class: 'task-top' }, crumbs, tools)
}

function accessNote(state) {
  const note = h('p', { class: 'muted access-note' })
  state.watch((task) => {
    note.textContent = ACCESS_NOTES[accessTo(task)] ?? ''
  })
  return note
}

const keysOf = (state, { heading, description, subtasks, comments, remove }) => [
  ['e', 'Edit the description', description.edit],
  ['r', 'Rename the task', heading.edit],
  ['c', 'Write a comment', comments.focus],
  ['n', 'Add a subtask', subtasks.focus],
  ['d', 'Complete or reopen the task', () => toggle(state)],
  ...rowShortcuts(subtasks.list).slice(0, 2),
  ['Delete', 'Delete the task', remove]
]

const toggle = (state) =>
  accessTo(state.task()) !== 'read' &&
  saveOrSay(state, { status: state.task().completed ? 'todo' : 'done' })

const crumbsOf = ({ project_id }, parent) => [
  project_id ? projectCrumb(project_id) : h('a', { href: hashOf('/tasks') }, 'Tasks'),
  parent && [
    h('span', { 'aria-hidden': 'true' }, '›'),
    h('a', { href: taskHash(parent) }, parent.title)
  ]
]

const toolsOf = (task, remove) => [
  iconButton('copy', 'Copy the link to this task', copyLink, { title: 'Copy link' }),
  accessTo(task) === 'edit' &&
    iconButton('trash', 'Delete the task', remove, { kind: 'icon-danger', title: 'Delete' })
]

async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href)
    toast('Link copied.')
  } catch {
    toast('The browser did not allow copying. Copy the address of this page.')
  }
}

/** Deletes a task and leaves its page; undo brings both back. */
async function deleteTask(task) {
  const { id, title, version, project_id } = task
  try {
    await call('DELETE', `/tasks/${id}`, { version })
    navigate(project_id ? `/projects/${project_id}` : '/tasks')
    const undo = rememberDeletion(task, () => navigate(`/tasks/${id}`))
    toast(`Moved “${title}” to the trash.`, { undo })
  } catch (error) {
    if (!isAborted(error)) {
      toastProblem(`“${title}” was not deleted.`, error)
    }
  }
}
