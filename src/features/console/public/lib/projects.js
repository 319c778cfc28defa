import { call } from './api.js'
import { h } from './dom.js'
import { onChange } from './live.js'
import { hashOf } from './router.js'
import { onUserChange } from './session.js'

const PAGE_SIZE = 100
const MAX_PAGES = 10
const MAX_PARALLEL = 4
const ROLES = ['viewer', 'editor', 'admin', 'owner']

/** Projects by id, for as long as the user is logged in; undefined for those that could not be seen. */
let projects = new Map()
let listing
onUserChange(() => {
  projects = new Map()
  listing = undefined
})

/** Tells whether the user's role in a project is this one or above. */
export const mayIn = ({ role }, needed) => ROLES.indexOf(role) >= ROLES.indexOf(needed)
/** Tells whether the user may change the tasks of a project. */
export const mayEditTasksOf = (project) => mayIn(project, 'editor') && !project.archived

/** Returns a project that was loaded before. */
export const knownProject = (id) => projects.get(id)
export const rememberProject = (project) => {
  projects.set(project.id, project)
}
/** Has the list loaded anew when it is needed next: roles and names may have changed. */
export const forgetProjectList = () => {
  listing = undefined
}

/** Loads the projects of the user, also archived ones. Where that fails, those are returned that are known. */
export async function loadProjects() {
  listing ??= listProjects(projects)
  try {
    return await listing
  } catch {
    forgetProjectList()
    return [...projects.values()].filter((project) => project !== undefined)
  }
}

async function listProjects(found) {
  const listed = []
  let cursor
  for (let pages = 0; pages < MAX_PAGES && cursor !== null; pages++) {
    const query = { archived: 'include', limit: PAGE_SIZE, cursor }
    const { data, pagination } = await call('GET', '/projects', { query })
    listed.push(...data)
    cursor = pagination.next_cursor
  }
  for (const project of listed) {
    found.set(project.id, project)
  }
  return listed
}

/** Loads the projects that some tasks are in; managers see tasks of projects that are not theirs. */
export async function loadProjectsOf(tasks) {
  const ids = new Set(tasks.map(({ project_id }) => project_id).filter((id) => id !== null))
  if (ids.size === 0) {
    return
  }
  await loadProjects()
  const missing = [...ids].filter((id) => !projects.has(id))
  for (let from = 0; from < missing.length; from += MAX_PARALLEL) {
    await Promise.all(missing.slice(from, from + MAX_PARALLEL).map(loadProject))
  }
}

async function loadProject(id) {
  const found = projects
  try {
    found.set(id, await call('GET', `/projects/${id}`))
  } catch (error) {
    if (error.status === 404) {
      found.set(id, undefined)
    }
  }
}

onChange((change) => {
  if (change === undefined || /^(project|access|member)\./.test(change.type)) {
    forgetProjectList()
  }
  if (change?.resource.type === 'project' && change.data !== null) {
    rememberProject(change.data)
    rename(change.data)
  }
})

/** Writes the name of a project wherever it is shown. */
function rename({ id, name }) {
  for (const node of document.querySelectorAll(`[data-project-name="${id}"]`)) {
    node.textContent = name
  }
}

const UNKNOWN = 'a project you cannot see'

/** Shows a project by name; the name is filled in once it is known. */
export function projectNode(id) {
  const node = h('span', { 'data-project-name': id }, projects.get(id)?.name ?? '…')
  if (!projects.has(id)) {
    loadProjectsOf([{ project_id: id }]).then(() => {
      node.textContent = projects.get(id)?.name ?? UNKNOWN
    })
  }
  return node
}

export const projectPath = ({ id }, rest = '') => `/projects/${id}${rest}`
export const projectHash = (project, rest) => hashOf(projectPath(project, rest))
