import { call } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { countInvitations } from '../lib/my-invitations.js'
import { forgetProjectList, projectPath, rememberProject } from '../lib/projects.js'
import { hashOf, navigate } from '../lib/router.js'
import { currentUser } from '../lib/session.js'
import { formatDateTime } from '../lib/time.js'
import { button } from '../ui/button.js'
import { confirm } from '../ui/dialog.js'
import { emptyState } from '../ui/empty-state.js'
import { infiniteList } from '../ui/infinite-list.js'
import { page } from '../ui/page.js'
import { rowActions, rowDetails, rowMain } from '../ui/row.js'
import { toast, toastProblem } from '../ui/toast.js'

const ROLE_NAMES = { viewer: 'a viewer', editor: 'an editor', admin: 'an admin' }

/** Lists the invitations to projects that the user got, to accept or decline. */
export function invitationsPage() {
  const list = infiniteList({
    noun: ['invitation', 'invitations'],
    list: h('ul', { class: 'rows', 'aria-label': 'Invitations' }),
    load: (cursor, signal) =>
      call('GET', '/me/invitations', { query: { limit: 50, cursor }, signal }),
    row: (invitation) => invitationRow(invitation, list),
    empty: () =>
      emptyState(
        'No invitations',
        'When somebody invites you to a project, you can accept or decline it here.'
      )
  })
  list.reload()
  countInvitations()
  return {
    title: 'Invitations',
    stop: list.stop,
    node: page({ title: 'Invitations' }, unconfirmedNotice(), list.node)
  }
}

function unconfirmedNotice() {
  const { email, email_verified } = currentUser()
  if (email === null || email_verified || document.body.dataset.verification === 'off') {
    return null
  }
  return h(
    'div',
    { class: 'notice' },
    h('p', {}, `Invitations to ${email} appear once you have confirmed it.`),
    h('a', { class: 'button button-small', href: hashOf('/confirm') }, 'Confirm')
  )
}

function invitationRow(invitation, list) {
  const { id, project_name, role, invited_by_name, expires_at } = invitation
  const answer = async (work) => {
    row.setAttribute('aria-busy', 'true')
    const isAnswered = await work(invitation)
    row.removeAttribute('aria-busy')
    if (isAnswered) {
      row.remove()
      list.updateCount()
      countInvitations()
    } else if (isAnswered === undefined) {
      list.reload()
      countInvitations()
    }
  }
  const row = h(
    'li',
    { class: 'row', 'data-id': id },
    rowMain(
      [project_name],
      rowDetails(
        h('span', {}, `From ${invited_by_name ?? 'a deleted user'}`),
        h('span', {}, `As ${ROLE_NAMES[role] ?? role}`),
        h('span', {}, `Until ${formatDateTime(expires_at)}`)
      )
    ),
    rowActions(
      button('Accept', () => answer(accept), {
        kind: 'button-small button-primary',
        'aria-label': `Accept the invitation to ${project_name}`
      }),
      button('Decline', () => answer(decline), {
        kind: 'button-small',
        'aria-label': `Decline the invitation to ${project_name}`
      })
    )
  )
  return row
}

/** Joins the project and goes there. Returns undefined when the invitation is over. */
async function accept({ id, project_name }) {
  try {
    const project = await call('POST', `/me/invitations/${id}/accept`)
    rememberProject(project)
    forgetProjectList()
    toast(`You belong to “${project_name}” now.`)
    navigate(projectPath(project))
    return true
  } catch (error) {
    toastProblem(`You could not join “${project_name}”.`, error)
    return isOver(error) ? undefined : false
  }
}

/** Asks, then declines. Returns undefined when the invitation is over. */
async function decline({ id, project_name }) {
  const isConfirmed = await confirm({
    title: `Decline the invitation to “${project_name}”?`,
    text: 'You cannot accept it any more. You can be invited again.',
    confirmLabel: 'Decline'
  })
  if (!isConfirmed) {
    return false
  }
  try {
    await call('POST', `/me/invitations/${id}/decline`)
    toast(`Declined the invitation to “${project_name}”.`)
    return true
  } catch (error) {
    toastProblem(`The invitation to “${project_name}” could not be declined.`, error)
    return isOver(error) ? undefined : false
  }
}

const isOver = ({ code, status }) => code === 'invitation_over' || status === 404
