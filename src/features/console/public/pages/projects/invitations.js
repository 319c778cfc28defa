import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { personNode } from '../../lib/people.js'
import { formatDateTime } from '../../lib/time.js'
import { rowButton } from '../../ui/button.js'
import { confirm } from '../../ui/dialog.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { muted, panel } from '../../ui/page.js'
import { rowActions, rowDetails, rowMain } from '../../ui/row.js'
import { toast, toastProblem } from '../../ui/toast.js'

/** Lists the open invitations to a project, for its admins. */
export function openInvitationsPanel(project) {
  const list = infiniteList({
    noun: ['open invitation', 'open invitations'],
    list: h('ul', { class: 'rows', 'aria-label': 'Open invitations' }),
    load: (cursor, signal) =>
      call('GET', `/projects/${project.id}/invitations`, { query: { limit: 50, cursor }, signal }),
    row: (invitation) => invitationRow(invitation, project, list),
    empty: () => muted('No open invitations.')
  })
  list.reload()
  return { node: panel('Invitations', list.node), reload: list.reload, stop: list.stop }
}

function invitationRow(invitation, project, list) {
  const { id, username, email, role, invited_by, expires_at } = invitation
  const whom = username ?? email
  const withdraw = async () => {
    if (await withdrawInvitation(project, id, whom)) {
      row.remove()
      list.updateCount()
    }
  }
  const row = h(
    'li',
    { class: 'row', 'data-id': id },
    rowMain(
      [whom],
      rowDetails(
        h('span', {}, `As ${role}`),
        h('span', {}, 'By ', invited_by === null ? 'a deleted user' : personNode(invited_by)),
        h('span', {}, `Until ${formatDateTime(expires_at)}`)
      )
    ),
    rowActions(rowButton('Withdraw', `Withdraw the invitation of ${whom}`, withdraw))
  )
  return row
}

/** Asks, then withdraws an invitation. Tells whether it is withdrawn. */
async function withdrawInvitation(project, id, whom) {
  const isConfirmed = await confirm({
    title: `Withdraw the invitation of ${whom}?`,
    text: 'They cannot accept it any more, and its link stops working.',
    confirmLabel: 'Withdraw'
  })
  if (!isConfirmed) {
    return false
  }
  try {
    await call('DELETE', `/projects/${project.id}/invitations/${id}`)
    toast(`${whom} is no longer invited.`)
    return true
  } catch (error) {
    toastProblem(`${whom} is still invited.`, error)
    return false
  }
}
