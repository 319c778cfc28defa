import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { idempotentSubmit } from '../../lib/idempotency.js'
import { formatDateTime } from '../../lib/time.js'
import { rowButton } from '../../ui/button.js'
import { confirm, openDialog } from '../../ui/dialog.js'
import { field, form } from '../../ui/form.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { muted, panel } from '../../ui/page.js'
import { rowActions, rowDetails, rowMain } from '../../ui/row.js'
import { showSecretLink } from '../../ui/secret-link.js'
import { toast, toastProblem } from '../../ui/toast.js'
import { roleField } from './new-user.js'

/** The open invitations, with `invite` to send another and `stop` for leaving the page. */
export function invitationsPanel() {
  const list = infiniteList({
    noun: ['open invitation', 'open invitations'],
    load: (cursor, signal) =>
      call('GET', '/admin/invitations', { query: { limit: 50, cursor }, signal }),
    row: (invitation) => invitationRow(invitation, list),
    empty: () => muted('No open invitations.')
  })
  list.reload()
  return {
    node: panel('Invitations', list.node),
    stop: list.stop,
    invite: async () => {
      if (await inviteSomebody()) {
        list.reload()
      }
    }
  }
}

function invitationRow({ id, email, role, expires_at }, list) {
  const withdraw = async () => {
    if (await withdrawInvitation(id, email)) {
      row.remove()
      list.updateCount()
    }
  }
  const row = h(
    'li',
    { class: 'row' },
    rowMain(
      [email],
      rowDetails(h('span', {}, `As ${role}`), h('span', {}, `Until ${formatDateTime(expires_at)}`))
    ),
    rowActions(rowButton('Withdraw', `Withdraw the invitation of ${email}`, withdraw))
  )
  return row
}

async function withdrawInvitation(id, email) {
  const isConfirmed = await confirm({
    title: `Withdraw the invitation of ${email}?`,
    text: 'The link in the email stops working.',
    confirmLabel: 'Withdraw'
  })
  if (!isConfirmed) {
    return false
  }
  try {
    await call('DELETE', `/admin/invitations/${id}`)
    toast(`${email} is no longer invited.`)
    return true
  } catch (error) {
    toastProblem(`${email} is still invited.`, error)
    return false
  }
}

async function inviteSomebody() {
  const invitation = await openDialog({ title: 'Invite', body: (close) => invitationForm(close) })
  if (invitation === undefined) {
    return false
  }
  if (invitation.invitation_url === null) {
    toast(`${invitation.email} gets an email with a link.`)
  } else {
    await showSecretLink({
      title: `Link for ${invitation.email}`,
      text: 'With this link they create their account, once, within two weeks. It is not shown again.',
      url: invitation.invitation_url
    })
  }
  return true
}

function invitationForm(close) {
  const email = field({
    label: 'Email',
    name: 'email',
    type: 'email',
    autocomplete: 'off',
    autofocus: true
  })
  const role = roleField()
  const create = idempotentSubmit((body, idempotencyKey) =>
    call('POST', '/admin/invitations', { body, idempotencyKey })
  )
  return form({
    fields: [email, role],
    submitLabel: 'Send invitation',
    check: () => (email.input.value.trim() === '' ? [[email, 'Enter an email.']] : []),
    submit: async () =>
      close(await create({ email: email.input.value.trim(), role: role.input.value }))
  }).node
}
