import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
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
import { loadedPage } from '../../ui/loaded-page.js'
import { actions, page } from '../../ui/page.js'
import { projectDot } from '../../ui/project-dot.js'
import { badge } from '../../ui/row.js'
import { deleteProject, setArchived } from './change.js'
import { editProject } from './form.js'

/** Shows the tasks of a project. */
export const projectPage = (query, id) =>
  pageOfProject(id, (project) =>
    taskListPage(query, {
      path: projectPath(project),
      title: project.name,
      project,
      mayAdd: mayEditTasksOf(project),
      head: {
        title: [projectDot(project.color), project.name],
        badges: badge(project.role, 'badge-accent'),
        tools: projectActions(project, query),
        above: [
          project.description && h('p', { class: 'project-text' }, project.description),
          project.archived && archivedNotice(project, query)
        ]
      }
    })
  )

/** A page about a project, made by `create(project)` once it is loaded. */
export const pageOfProject = (id, create) =>
  loadedPage({
    title: knownProject(id)?.name ?? 'Project',
    load: async (signal) => {
      const project = await call('GET', `/projects/${id}`, { signal })
      rememberProject(project)
      return project
    },
    create,
    missing: () => ({
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
