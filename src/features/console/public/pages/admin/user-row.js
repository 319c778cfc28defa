import { call } from '../../lib/api.js'
import { h, replace } from '../../lib/dom.js'
import { isCurrentUser } from '../../lib/people.js'
import { hashOf } from '../../lib/router.js'
import { formatDateTime } from '../../lib/time.js'
import { displayName } from '../../lib/users.js'
import { iconButton, rowButton } from '../../ui/button.js'
import { confirm } from '../../ui/dialog.js'
import { select } from '../../ui/form.js'
import { badge, rowActions, rowDetails, rowMain } from '../../ui/row.js'
import { toast, toastProblem } from '../../ui/toast.js'
import { sendPasswordLink } from './password-link.js'

export const ROLES = [
  ['user', 'User'],
  ['manager', 'Manager'],
  ['admin', 'Admin']
]

/** Shows an account with what an admin can do to it. */
export function userRow(user, list) {
  const row = h('li', { class: 'row' })
  const change = async (body, message) => {
    row.setAttribute('aria-busy', 'true')
    try {
      user = await call('PATCH', `/admin/users/${user.id}`, { body, retry: true })
      toast(message)
    } catch (error) {
      toastProblem(`“${displayName(user)}” could not be changed.`, error)
    }
    row.removeAttribute('aria-busy')
    render()
  }
  const remove = async () => {
    if (await deleteUser(user)) {
      row.remove()
      list.updateCount()
    }
  }
  const render = () => {
    replace(row, userMain(user), userActions(user, { change, remove }))
  }
  render()
  return row
}

const userMain = (user) =>
  rowMain(
    [
      displayName(user),
      ' ',
      isCurrentUser(user.id) && badge('you', 'badge-accent'),
      user.disabled && badge('disabled', 'badge-bad')
    ],
    rowDetails(
      user.username && h('span', {}, user.username),
      user.email && h('span', {}, user.email, user.email_verified ? '' : ' (not confirmed)'),
      h('span', {}, 'Created ', formatDateTime(user.created_at)),
      h('a', { href: hashOf('/all-tasks', { owner: user.id, view: 'all' }) }, 'Tasks'),
      h('a', { href: hashOf('/audit-log', { actor_id: user.id }) }, 'Activity')
    )
  )

function userActions(user, { change, remove }) {
  const name = displayName(user)
  const { disabled } = user
  const toggleDisabled = () =>
    change({ disabled: !disabled }, disabled ? `Enabled “${name}”.` : `Disabled “${name}”.`)
  return rowActions(
    select('role', ROLES, {
      value: user.role,
      class: 'input fit',
      'aria-label': `Role of ${name}`,
      disabled: isCurrentUser(user.id),
      onchange: ({ target }) =>
        change({ role: target.value }, `“${name}” now has the role ${target.value}.`)
    }),
    !isCurrentUser(user.id) &&
      rowButton(
        disabled ? 'Enable' : 'Disable',
        `${disabled ? 'Enable' : 'Disable'} ${name}`,
        toggleDisabled
      ),
    !isCurrentUser(user.id) &&
      !disabled &&
      rowButton('Password link', `Password link for ${name}`, () => sendPasswordLink(user)),
    rowButton('End sessions', `End sessions of ${name}`, () => endSessions(user)),
    rowButton('Revoke API keys', `Revoke API keys of ${name}`, () => revokeApiKeys(user)),
    !isCurrentUser(user.id) &&
      iconButton('trash', `Delete ${name}`, remove, { kind: 'icon-danger', title: 'Delete' })
  )
}

async function endSessions(user) {
  try {
    await call('DELETE', `/admin/users/${user.id}/sessions`)
    toast(`Ended all sessions of “${displayName(user)}”. Their API keys are revoked.`)
  } catch (error) {
    toastProblem('The sessions could not be ended.', error)
  }
}

async function revokeApiKeys(user) {
  try {
    await call('DELETE', `/admin/users/${user.id}/api-keys`)
    toast(`Revoked all API keys of “${displayName(user)}”.`)
  } catch (error) {
    toastProblem('The API keys could not be revoked.', error)
  }
}

/** Asks, then deletes an account. Tells whether it is deleted. */
async function deleteUser(user) {
  const name = displayName(user)
  const isConfirmed = await confirm({
    title: `Delete “${name}”?`,
    text:
      'This permanently deletes the account with its tasks, sessions and API keys. ' +
      'The audit log keeps its name.',
    confirmLabel: 'Delete permanently'
  })
  if (!isConfirmed) {
    return false
  }
  try {
    await call('DELETE', `/admin/users/${user.id}`)
    toast(`Deleted “${name}”.`)
    return true
  } catch (error) {
    toastProblem(`“${name}” could not be deleted.`, error)
    return false
  }
}
