import { h, replace } from '../../lib/dom.js'
import { isCurrentUser, personNode } from '../../lib/people.js'
import { mayIn, projectHash } from '../../lib/projects.js'
import { formatRelative } from '../../lib/time.js'
import { iconButton, rowButton } from '../../ui/button.js'
import { projectDot } from '../../ui/project-dot.js'
import { badge, rowActions, rowDetails, rowMain } from '../../ui/row.js'
import { deleteProject, restoreProject, setArchived } from './change.js'
import { editProject } from './form.js'

/** Shows a project with what the user may do to it. */
export function projectRow(project, list) {
  const row = h('li', { class: 'row', 'data-id': project.id })
  const leave = () => {
    const neighbour = row.nextElementSibling ?? row.previousElementSibling
    row.remove()
    neighbour?.querySelector('a, button')?.focus()
    list.updateCount()
  }
  const act = {
    edit: async () => {
      const next = await editProject(project)
      if (next) {
        show(next)
        row.querySelector('button')?.focus()
      }
    },
    archive: async () => {
      const isDone = await setArchived(project, !project.archived, { onUndone: list.reload })
      if (isDone) {
        leave()
      }
    },
    remove: async () => {
      if (await deleteProject(project, { onRestored: list.reload })) {
        leave()
      }
    },
    restore: async () => {
      if (await restoreProject(project)) {
        leave()
      }
    }
  }
  const show = (next) => {
    // A change is answered without the counts.
    project = { task_counts: project.task_counts, ...next }
    replace(row, mainOf(project), actionsOf(project, act))
  }
  show(project)
  return row
}

const mainOf = (project) =>
  rowMain(
    [
      project.deleted_at === null
        ? h(
            'a',
            { class: 'project-link', href: projectHash(project) },
            projectDot(project.color),
            project.name
          )
        : project.name,
      ' ',
      badge(project.role, 'badge-accent'),
      ' ',
      project.archived && badge('archived', 'badge-warn')
    ],
    project.description && h('p', { class: 'task-text' }, project.description),
    rowDetails(
      countsOf(project),
      !isCurrentUser(project.owner_id) && h('span', {}, 'Owner: ', personNode(project.owner_id)),
      project.deleted_at && h('span', {}, 'Deleted ', formatRelative(project.deleted_at))
    )
  )

function countsOf({ task_counts: counts, deleted_at }) {
  if (!counts || deleted_at !== null) {
    return null
  }
  const open = counts.todo + counts.in_progress
  return [
    h('span', {}, `${open.toLocaleString()} open`),
    h('span', {}, `${counts.done.toLocaleString()} done`)
  ]
}

function actionsOf(project, { edit, archive, remove, restore }) {
  const { name, archived } = project
  if (project.deleted_at !== null) {
    return mayIn(project, 'owner') && rowActions(rowButton('Restore', `Restore ${name}`, restore))
  }
  const mayManage = mayIn(project, 'admin')
  return rowActions(
    h(
      'a',
      {
        class: 'button button-small',
        href: projectHash(project, '/members'),
        'aria-label': `Members of ${name}`
      },
      'Members'
    ),
    mayManage && rowButton('Edit', `Edit ${name}`, edit),
    mayManage &&
      (archived
        ? rowButton('Open again', `Open again: ${name}`, archive)
        : rowButton('Archive', `Archive ${name}`, archive)),
    mayIn(project, 'owner') &&
      iconButton('trash', `Delete ${name}`, remove, { kind: 'icon-danger', title: 'Delete' })
  )
}
