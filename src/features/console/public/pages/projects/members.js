import { call } from '../../lib/api.js'
import { h, replace } from '../../lib/dom.js'
import { isCurrentUser } from '../../lib/people.js'
import { forgetProjectList, mayIn, projectPath } from '../../lib/projects.js'
import { navigate } from '../../lib/router.js'
import { formatDateTime } from '../../lib/time.js'
import { rowButton } from '../../ui/button.js'
import { confirm } from '../../ui/dialog.js'
import { select } from '../../ui/form.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { keepLive } from '../../ui/keep-live.js'
import { muted, panel } from '../../ui/page.js'
import { badge, rowActions, rowDetails, rowMain } from '../../ui/row.js'
import { toast, toastProblem } from '../../ui/toast.js'
import { rolesToGive } from './roles.js'

/** Lists who belongs to a project, with what the user may do about it. */
export function membersPanel(project) {
  const list = infiniteList({
    noun: ['person', 'people'],
    list: h('ul', { class: 'rows', 'aria-label': 'Members' }),
    load: (cursor, signal, quietly) =>
      call('GET', `/projects/${project.id}/members`, {
        query: { limit: 50, cursor },
        signal,
        ...quietly
      }),
    idOf: ({ user_id }) => user_id,
    row: (member) => memberRow(member, project, list),
    empty: () => muted('Nobody.')
  })
  const isListed = (id) => [...list.list.children].some(({ dataset }) => dataset.id === id)
  list.reload()
  const live = keepLive(list, {
    concerns: ({ type, project_id }) => project_id === project.id && !type.startsWith('task.'),
    project
  })
  const stop = () => {
    live.stop()
    list.stop()
  }
  return { node: panel('Members', list.node), isListed, reload: list.reload, stop }
}

function memberRow(member, project, list) {
  const row = h('li', { class: 'row', 'data-id': member.user_id })
  const changeRole = async (role) => {
    row.setAttribute('aria-busy', 'true')
    try {
      member = await call('PUT', `/projects/${project.id}/members/${member.user_id}`, {
        body: { role },
        retry: true
      })
      toast(`${member.display_name} is now ${ROLE_NAMES[role]}.`)
    } catch (error) {
      toastProblem(`The role of ${member.display_name} is as it was.`, error)
    }
    row.removeAttribute('aria-busy')
    render()
    row.querySelector('select')?.focus()
  }
  const remove = async () => {
    if (await removeMember(project, member)) {
      row.remove()
      list.updateCount()
    }
  }
  const leave = async () => {
    if (await leaveProject(project, member)) {
      navigate('/projects')
    }
  }
  const giveProject = async () => {
    if (await transferProject(project, member)) {
      navigate(projectPath(project, '/members'))
    }
  }
  const render = () => {
    const act = { changeRole, remove, leave, giveProject }
    replace(row, mainOf(member), memberActions(member, project, act))
  }
  render()
  return row
}

const ROLE_NAMES = { viewer: 'a viewer', editor: 'an editor', admin: 'an admin' }

const mainOf = ({ user_id, display_name, username, added_at }) =>
  rowMain(
    [display_name, ' ', isCurrentUser(user_id) && badge('you', 'badge-accent')],
    rowDetails(
      username !== null && username !== display_name && h('span', {}, username),
      h('span', {}, 'Since ', formatDateTime(added_at))
    )
  )

function memberActions({ user_id, display_name: name, role }, project, act) {
  const isOwner = role === 'owner'
  // An admin of the project may not change or remove another one.
  const mayChange =
    !isOwner && mayIn(project, 'admin') && (project.role === 'owner' || role !== 'admin')
  return rowActions(
    mayChange
      ? select('role', rolesToGive(project), {
          value: role,
          class: 'input fit',
          'aria-label': `Role of ${name}`,
          onchange: ({ target }) => act.changeRole(target.value)
        })
      : badge(role),
    !isOwner &&
      project.role === 'owner' &&
      rowButton('Make owner', `Make owner: ${name}`, act.giveProject),
    isCurrentUser(user_id)
      ? !isOwner && rowButton('Leave', 'Leave the project', act.leave)
      : mayChange && rowButton('Remove', `Remove ${name}`, act.remove)
  )
}

/** Asks, then removes a member. Tells whether they are gone. */
async function removeMember(project, member) {
  const name = member.display_name
  const isConfirmed = await confirm({
    title: `Remove ${name} from the project?`,
    text: 'They do not see it any more, and their tasks in it are assigned to nobody.',
    confirmLabel: 'Remove'
  })
  return (
    isConfirmed &&
    attempt(
      () => endMembership(project, member),
      `${name} does not belong to the project any more.`,
      `${name} could not be removed.`
    )
  )
}

/** Asks, then ends the user's own membership. Tells whether it has ended. */
async function leaveProject(project, member) {
  const { name } = project
  const isConfirmed = await confirm({
    title: `Leave “${name}”?`,
    text:
      'You do not see the project any more until somebody invites you again, and your tasks in it are ' +
      'assigned to nobody.',
    confirmLabel: 'Leave'
  })
  return (
    isConfirmed &&
    attempt(
      () => endMembership(project, member),
      `You left “${name}”.`,
      `You could not leave “${name}”.`
    )
  )
}

const endMembership = ({ id }, { user_id }) => call('DELETE', `/projects/${id}/members/${user_id}`)

/** Asks, then makes a member the owner. Tells whether they are. */
async function transferProject({ id, name }, { user_id, display_name }) {
  const isConfirmed = await confirm({
    title: `Make ${display_name} the owner of “${name}”?`,
    text:
      `The project and its tasks belong to ${display_name} then, and its present owner becomes an admin. ` +
      `Only ${display_name} can give it back.`,
    confirmLabel: 'Make owner'
  })
  return (
    isConfirmed &&
    attempt(
      () => call('POST', `/projects/${id}/transfer`, { body: { user_id } }),
      `${display_name} is the owner now.`,
      'The project has the same owner as before.'
    )
  )
}

/** Calls the API and says how it went. Tells whether it worked. */
async function attempt(work, done, failed) {
  try {
    await work()
    forgetProjectList()
    toast(done)
    return true
  } catch (error) {
    toastProblem(failed, error)
    return false
  }
}
