import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { idempotentSubmit } from '../../lib/idempotency.js'
import { personNode } from '../../lib/people.js'
import { formatDateTime, formatRelative, fromLocalInput } from '../../lib/time.js'
import { rowButton } from '../../ui/button.js'
import { confirm } from '../../ui/dialog.js'
import { emptyState } from '../../ui/empty-state.js'
import { field, form } from '../../ui/form.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { page, panel } from '../../ui/page.js'
import { badge, rowActions, rowDetails, rowMain } from '../../ui/row.js'
import { toast, toastProblem } from '../../ui/toast.js'

/** Lists IP addresses whose requests are rejected, for admins. */
export function bansPage() {
  const list = infiniteList({
    noun: ['ban', 'bans'],
    load: (cursor, signal) =>
      call('GET', '/admin/ip-bans', { query: { limit: 50, cursor }, signal }),
    row: (ban) => banRow(ban, list),
    empty: () =>
      emptyState('No bans', 'Addresses that guess passwords are banned by themselves, for a while.')
  })
  const addBan = (ban) => {
    list.list.prepend(banRow(ban, list))
    list.updateCount()
  }
  list.reload()
  return {
    title: 'IP bans',
    stop: list.stop,
    node: page({ title: 'IP bans' }, panel('Ban an IP address', banForm(addBan)), list.node)
  }
}

function banForm(onCreated) {
  const address = field({
    label: 'IP address or range',
    name: 'address',
    maxlength: '49',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: '203.0.113.0/24',
    hint: 'A range can be as wide as /8, or /32 for IPv6.'
  })
  const reason = field({
    label: 'Reason (optional)',
    name: 'reason',
    maxlength: '200',
    autocomplete: 'off'
  })
  const until = field({
    label: 'Until (optional)',
    name: 'until',
    type: 'datetime-local',
    hint: 'Otherwise until you lift it.'
  })
  const fields = [address, reason, until]
  const create = idempotentSubmit((body, idempotencyKey) =>
    call('POST', '/admin/ip-bans', { body, idempotencyKey })
  )
  const { node } = form({
    fields,
    submitLabel: 'Ban address',
    layout: h(
      'div',
      { class: 'columns' },
      fields.map((one) => one.node)
    ),
    check: () =>
      address.input.value.trim() === '' ? [[address, 'Enter an IP address or range.']] : [],
    submit: async () => {
      const ban = await create({
        address: address.input.value.trim(),
        ...(reason.input.value.trim() && { reason: reason.input.value.trim() }),
        ...(until.input.value && { until: fromLocalInput(until.input.value) })
      })
      onCreated(ban)
      node.reset()
      toast(`Banned ${ban.address}.`)
    }
  })
  return node
}

function banRow(ban, list) {
  const lift = async () => {
    if (await liftBan(ban)) {
      row.remove()
      list.updateCount()
    }
  }
  const row = h(
    'li',
    { class: 'row' },
    rowMain(
      [h('code', {}, ban.address), ' ', ban.automatic && badge('automatic', 'badge-warn')],
      rowDetails(
        ban.reason && h('span', {}, ban.reason),
        h(
          'span',
          { title: formatDateTime(ban.created_at) },
          'Created ',
          formatRelative(ban.created_at)
        ),
        !ban.automatic && h('span', {}, 'By ', personNode(ban.created_by)),
        h('span', {}, ban.until ? `Until ${formatDateTime(ban.until)}` : 'No end')
      )
    ),
    rowActions(rowButton('Lift', `Lift the ban of ${ban.address}`, lift))
  )
  return row
}

/** Asks, then lifts a ban. Tells whether it is lifted. */
async function liftBan({ id, address }) {
  const isConfirmed = await confirm({
    title: `Lift the ban of ${address}?`,
    text: 'Requests from there are served again within two seconds.',
    confirmLabel: 'Lift ban'
  })
  if (!isConfirmed) {
    return false
  }
  try {
    await call('DELETE', `/admin/ip-bans/${id}`)
    toast(`${address} is no longer banned.`)
    return true
  } catch (error) {
    toastProblem(`${address} is still banned.`, error)
    return false
  }
}
