import { call } from '../../lib/api.js'
import { h, replace } from '../../lib/dom.js'
import {
  knownProject,
  mayEditTasksOf,
  mayIn,
  projectHash,
  projectPath,
  rememberProject
} from '../../lib/projects.js'
import { hashOf, navigate } from '../../lib/router.js'
import { taskListPage } from '../../tasks/page.js'
import { button } from '../../ui/button.js'
import { keepingFocus } from '../../ui/keep-focus.js'
import { loadedPage } from '../../ui/loaded-page.js'
import { actions, page, setPageTitle } from '../../ui/page.js'
import { projectDot } from '../../ui/project-dot.js'
import { badge } from '../../ui/row.js'
import { deleteProject, setArchived } from './change.js'
import { editProject } from './form.js'
import { watchProject } from './watch.js'

/** Shows the tasks of a project. */
export const projectPage = (query, id) =>
  pageOfProject(id, (project) => {
    const head = projectHead(project, query)
    return {
      ...taskListPage(query, {
        path: projectPath(project),
        title: project.name,
        project,
        mayAdd: mayEditTasksOf(project),
        head
      }),
      update: head.update
    }
  })

/** The head of the page of a project. `update(project)` shows another name, colour and description. */
function projectHead(project, query) {
  let shown
  const title = h('span', { class: 'project-title' })
  const text = h('p', { class: 'project-text' })
  const tools = h('div', { class: 'head-tools' })
  const update = (next) => {
    if (next.version === shown?.version) {
      return
    }
    shown = next
    setPageTitle(next.name)
    replace(title, projectDot(next.color), next.name)
    text.textContent = next.description ?? ''
    text.hidden = next.description === null
    keepingFocus(tools, tools, () => replace(tools, projectActions(next, query)))
  }
  update(project)
  return {
    title,
    badges: badge(project.role, 'badge-accent'),
    tools,
    above: [text, project.archived && archivedNotice(project, query)],
    update
  }
}

/** A page about a project, made by `create(project)` once it is loaded, and kept as the project is. */
export function pageOfProject(id, create) {
  let seen
  const loaded = loadedPage({
    title: knownProject(id)?.name ?? 'Project',
    load: async (signal) => {
      const project = await call('GET', `/projects/${id}`, { signal })
      rememberProject(project)
      return project
    },
    create: (project) => {
      seen = project
      return create(project)
    },
    missing: () => {
      seen = undefined
      return missing()
    }
  })
  const { update, reload, showMissing } = loaded
  const stopWatching = watchProject(id, { seen: () => seen, update, reload, showMissing })
  return {
    ...loaded,
    stop: () => {
      stopWatching()
      loaded.stop()
    }
  }
}

const missing = () => ({
  title: 'Project not found',
  node: page(
    { title: 'Project not found' },
    h(
      'p',
      {},
      'There is no such project, or you do not belong to it. Ask its owner to invite you. ',
      h('a', { href: hashOf('/projects') }, 'Show your projects')
    )
  )
})

function projectActions(project, query) {
  const reload = () => navigate(projectPath(project), query)
  const edit = async () => {
    if (await editProject(project)) {
      reload()
    }
  }
  const archive = async () => {
    if (await setArchived(project, true, { onUndone: reload })) {
      reload()
    }
  }
  const remove = async () => {
    if (await deleteProject(project, { onRestored: reload })) {
      navigate('/projects')
    }
  }
  const mayManage = mayIn(project, 'admin')
  return actions(
    h('a', { class: 'button button-small', href: projectHash(project, '/members') }, 'Members'),
    mayManage && button('Edit', edit, { kind: 'button-small' }),
    mayManage && !project.archived && button('Archive', archive, { kind: 'button-small' }),
    mayIn(project, 'owner') && button('Delete', remove, { kind: 'button-small' })
  )
}

function archivedNotice(project, query) {
  const open = async () => {
    if (await setArchived(project, false)) {
      navigate(projectPath(project), query)
    }
  }
  return h(
    'div',
    { class: 'notice' },
    h('p', {}, 'This project is archived: its tasks can be read, not changed.'),
    mayIn(project, 'admin')
      ? button('Open again', open, { kind: 'button-small' })
      : h('p', {}, 'Its admins can open it again.')
  )
}
