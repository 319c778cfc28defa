import { h } from '../../lib/dom.js'
import { personNode } from '../../lib/people.js'
import { knownProject, projectHash, projectNode } from '../../lib/projects.js'
import { formatDateTime } from '../../lib/time.js'
import { select } from '../../ui/form.js'
import { keepingFocus } from '../../ui/keep-focus.js'
import { personPicker } from '../../ui/person-picker.js'
import { projectDot } from '../../ui/project-dot.js'
import { accessTo } from '../access.js'
import { dueFields } from '../due-fields.js'
import { isSameValue, valueNode, withDue } from '../fields.js'
import { FIELDS, PRIORITIES, STATUSES } from '../labels.js'
import { projectField } from '../project-field.js'
import { tagField } from '../tag-field.js'
import { saveOrSay } from './state.js'

/** The facts of a task, each changed where it is shown. */
export function factsPanel(state) {
  const editors = [
    factEditor(state, 'status', choiceOf('status', STATUSES)),
    factEditor(state, 'priority', choiceOf('priority', PRIORITIES)),
    factEditor(state, 'due_date', dueEditor),
    factEditor(state, 'assignee_id', assigneeEditor, ['assignee_id', 'project_id']),
    factEditor(state, 'project_id', projectEditor),
    factEditor(state, 'tags', tagsEditor)
  ]
  const about = h('div', { class: 'facts-about' })
  const node = h(
    'aside',
    { class: 'panel facts', 'aria-label': 'Details' },
    editors.map((one) => one.node),
    about
  )
  let shown
  state.watch((task) => {
    for (const editor of editors) {
      editor.show(task)
    }
    if (shown !== aboutKey(task)) {
      shown = aboutKey(task)
      about.replaceChildren(...aboutNodes(task))
    }
  })
  return node
}

const aboutKey = (task) =>
  JSON.stringify([task.owner_id, task.created_by, task.created_at, task.completed_at])

const aboutNodes = ({ owner_id, created_by, created_at, completed_at, project_id }) =>
  [
    h('p', {}, 'Created by ', personNode(created_by), ', ', formatDateTime(created_at)),
    completed_at && h('p', {}, 'Done ', formatDateTime(completed_at)),
    project_id === null && owner_id !== created_by && h('p', {}, 'Owner: ', personNode(owner_id))
  ].filter(Boolean)

/**
 * Shows a fact, as an editor where the user may change it. A change made elsewhere waits while the fact has the focus,
 * and `seen` stays what the user saw.
 */
function factEditor(state, name, create, depends = [name]) {
  const node = h('div', { class: 'fact' })
  let shown
  let seen
  const build = (task) => {
    seen = task
    shown = keyOf(task)
    const label = FIELDS[name]
    const fact = mayChange(task, name)
      ? create(withDue(task), save)
      : readOnly(label, name, withDue(task)[name])
    keepingFocus(node, node, () => node.replaceChildren(fact))
  }
  const save = async (change) => {
    const saved = await saveOrSay(state, change, seen)
    if (saved) {
      seen = saved
    }
    // What was typed and refused, or given up for what others chose, is not what the task is.
    if (saved === undefined || !isSameValue(name, withDue(saved)[name], change[name])) {
      build(state.task())
    }
  }
  const keyOf = (task) =>
    JSON.stringify([mayChange(task, name), ...depends.map((field) => withDue(task)[field])])
  const show = (task) => {
    if (keyOf(task) === shown) {
      seen = task
    } else if (!node.contains(document.activeElement)) {
      build(task)
    }
  }
  node.addEventListener('focusout', ({ relatedTarget }) => {
    if (!node.contains(relatedTarget)) {
      queueMicrotask(() => show(state.task()))
    }
  })
  return { node, show }
}

const mayChange = (task, name) => {
  const access = accessTo(task)
  return access === 'edit' || (access === 'status' && name === 'status')
}

const readOnly = (label, name, value) =>
  h(
    'div',
    { class: 'field' },
    h('span', { class: 'fact-label' }, label),
    h('div', { class: 'fact-value' }, valueNode(name, value))
  )

const labelled = (label, control) =>
  h('div', { class: 'field' }, h('label', { for: control.id }, label), control)

const choiceOf = (name, labels) => (task, save) =>
  labelled(
    FIELDS[name],
    select(name, Object.entries(labels), {
      id: `fact-${name}`,
      value: task[name],
      onchange: ({ target }) => save({ [name]: target.value })
    })
  )

/**
 * A date that is typed changes with each of its digits: it is saved by Enter, and when the user goes on. One that is
 * picked is saved at once.
 */
function dueEditor({ due_date }, save) {
  const { due, time } = dueFields(due_date)
  let isTyping = false
  const saveNow = () => {
    const isWrong = due.input.validity.badInput || time.input.validity.badInput
    const value = isWrong || (time.input.value && !due.input.value) ? due_date : due.value()
    if (!isSameValue('due_date', value, due_date)) {
      due_date = value
      save({ due_date: value })
    }
  }
  const node = h('div', { class: 'fact-due' }, due.node, time.node)
  node.addEventListener('keydown', ({ key }) => {
    isTyping = key !== 'Enter'
    if (key === 'Enter') {
      saveNow()
    }
  })
  node.addEventListener('pointerdown', () => {
    isTyping = false
  })
  node.addEventListener('change', () => !isTyping && saveNow())
  node.addEventListener('focusout', ({ relatedTarget }) => {
    if (!node.contains(relatedTarget)) {
      saveNow()
    }
  })
  return node
}

const assigneeEditor = ({ assignee_id, project_id }, save) =>
  personPicker({
    label: FIELDS.assignee_id,
    name: 'assignee_id',
    value: assignee_id ?? '',
    projectId: () => project_id,
    onChange: (value) => save({ assignee_id: value || null })
  }).node

function projectEditor({ project_id }, save) {
  const { node, input } = projectField(project_id)
  input.addEventListener('change', () => save({ project_id: input.value || null }))
  return node
}

function tagsEditor({ tags }, save) {
  const editor = tagField(tags, { onChange: (next) => save({ tags: next }) })
  return editor.node
}

/** Where a task is: its project, and the task that it is below. */
export const projectCrumb = (id) =>
  h(
    'a',
    { class: 'project-link', href: projectHash({ id }) },
    projectDot(knownProject(id)?.color),
    projectNode(id)
  )
