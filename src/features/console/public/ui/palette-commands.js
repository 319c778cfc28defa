import { call, QUIETLY } from '../lib/api.js'
import { loadProjects, projectPath } from '../lib/projects.js'
import { currentRoute, navigate } from '../lib/router.js'
import { savedViews } from '../lib/saved-views.js'
import { STATUSES } from '../tasks/labels.js'
import { loadLater } from './lazy-page.js'
import { projectDot } from './project-dot.js'
import { logOutHere, pagesOfUser } from './shell.js'
import { pageShortcutsNow, showShortcuts } from './shortcuts.js'
import { switchTheme } from './theme-button.js'
import { undoLast } from './toast.js'

const MAX_PROJECTS = 6
const MAX_TASKS = 8
const MIN_SEARCH = 2

/** What can be called beside pages, projects and tasks. */
const ACTIONS = [
  { label: 'New task', picture: 'plus', keys: 'n', run: newTask },
  { label: 'New project', picture: 'project', run: () => onPage('/projects', 'n') },
  { label: 'Undo the last change', picture: 'undo', keys: 'u', run: undoLast },
  { label: 'Switch between light and dark', picture: 'sun', run: switchTheme },
  { label: 'Keyboard shortcuts', picture: 'help', keys: '?', run: showShortcuts },
  { label: 'Log out', picture: 'logOut', run: logOutHere }
]

/** Finds commands by the words that they contain; tasks by the search of the API, projects by name. */
export function findCommands(text) {
  const words = wordsOf(text)
  const groups = [
    { title: 'Actions', commands: matching(ACTIONS, words) },
    { title: 'Go to', commands: matching(pageCommands(), words) },
    { title: 'This page', commands: matching(commandsOfPage(), words) }
  ]
  return words.length === 0 ? { groups } : { groups, more: (signal) => load(text, words, signal) }
}

async function load(text, words, signal) {
  const [projects, tasks] = await Promise.all([
    projectCommands(words),
    text.length < MIN_SEARCH ? [] : taskCommands(text, signal)
  ])
  return [
    { title: 'Projects', commands: projects },
    { title: 'Tasks', commands: tasks }
  ]
}

const pageCommands = () => [
  ...pagesOfUser().map(([path, label, picture]) => ({ label, picture, run: () => navigate(path) })),
  ...savedViews().map(({ name, hash }) => ({
    label: name,
    detail: 'Saved view',
    picture: 'star',
    run: () => navigate(hash.slice(1))
  }))
]

/** How pages call the shortcut that adds a task to what they show. */
const ADDS_TASK = /^(add|new)( a)? task$/i

/** A page names its own by its shortcuts. */
const commandsOfPage = () =>
  pageShortcutsNow()
    .filter(([, label]) => !ADDS_TASK.test(label) && !ACTIONS.some((one) => one.label === label))
    .map(([keys, label, action]) => ({ label, keys, picture: 'key', run: action }))

async function projectCommands(words) {
  const projects = await loadProjects()
  const commands = projects.map((project) => ({
    label: project.name,
    detail: project.archived ? 'archived' : null,
    picture: projectDot(project.color),
    run: () => navigate(projectPath(project))
  }))
  return matching(commands, words).slice(0, MAX_PROJECTS)
}

async function taskCommands(q, signal) {
  const query = { q, limit: MAX_TASKS, sort: 'updated_at_desc' }
  try {
    const { data } = await call('GET', '/tasks', { ...QUIETLY, query, signal })
    return data.map(({ id, title, status }) => ({
      label: title,
      detail: STATUSES[status],
      picture: status === 'done' ? 'tick' : 'tasks',
      run: () => navigate(`/tasks/${id}`)
    }))
  } catch {
    // What needs no server is found all the same.
    return []
  }
}

const fold = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
const wordsOf = (text) => fold(text).split(/\s+/).filter(Boolean)

/** Returns the commands that contain all words, those first in which a word begins with the first one. */
function matching(commands, words) {
  const found = commands.filter(({ label }) => words.every((word) => fold(label).includes(word)))
  const isAtStart = ({ label }) =>
    fold(label)
      .split(/\W+/u)
      .some((word) => word.startsWith(words[0]))
  return words.length === 0
    ? found
    : [...found.filter(isAtStart), ...found.filter((command) => !isAtStart(command))]
}

/** Adds a task where the page shows a list of them, else among all of the user. */
function newTask() {
  const add = pageShortcutsNow().find(([, label]) => ADDS_TASK.test(label))?.[2]
  if (add) {
    add()
  } else {
    onPage('/tasks', 'n')
  }
}

/** Goes to a page and runs a shortcut of its own. */
async function onPage(path, key) {
  // The shortcuts of a page are there once its modules are.
  await loadLater().catch(() => {})
  const run = () =>
    currentRoute().path === path && pageShortcutsNow().find(([it]) => it === key)?.[2]()
  if (currentRoute().path === path) {
    run()
  } else {
    addEventListener('hashchange', run, { once: true })
    navigate(path)
  }
}
