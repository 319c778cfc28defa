import { call, newKey } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { personNode } from '../lib/people.js'
import { fullTime, instantOf, sinceText } from '../lib/time.js'
import { confirm } from '../ui/dialog.js'
import { emptyState, endless } from '../ui/endless.js'
import { field, form } from '../ui/form.js'
import { panel } from '../ui/panel.js'
import { toast, toastProblem } from '../ui/toast.js'

/** Addresses whose requests are refused, for admins. */
export function bansPage() {
  const list = endless({
    counted: ['ban', 'bans'],
    load: (cursor, signal) =>
      call('GET', '/admin/ip-bans', { query: { limit: 50, cursor }, signal }),
    row: (ban) => banRow(ban, list),
    empty: () => emptyState('No bans', 'Everybody may ask.')
  })
  const address = field({
    label: 'Address or range',
    name: 'address',
    maxlength: '49',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: '203.0.113.0/24',
    hint: 'No wider than /8, or /32 with IPv6.'
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
    hint: 'Without it the ban stays until it is lifted.'
  })
  let sent
  const made = form({
    fields: [address, reason, until],
    act: 'Ban',
    layout: h('div', { class: 'columns' }, address.node, reason.node, until.node),
    check: () => (address.input.value.trim() === '' ? [[address, 'Which address?']] : []),
    submit: async () => {
      const body = {
        address: address.input.value.trim(),
        ...(reason.input.value.trim() && { reason: reason.input.value.trim() }),
        ...(until.input.value && { until: instantOf(until.input.value) })
      }
      const text = JSON.stringify(body)
      sent = sent?.text === text ? sent : { text, key: newKey() }
      const ban = await call('POST', '/admin/ip-bans', { body, key: sent.key })
      sent = undefined
      list.list.prepend(banRow(ban, list))
      list.recount()
      made.node.reset()
      toast(`${ban.address} is banned.`)
    }
  })
  list.reload()
  return {
    title: 'Bans',
    stop: list.stop,
    node: h(
      'section',
      { class: 'page' },
      h('div', { class: 'page-head' }, h('h1', { tabindex: '-1' }, 'Bans')),
      panel('Ban an address', made.node),
      list.node
    )
  }
}

function banRow(ban, list) {
  const lift = async () => {
    if (
      !(await confirm({
        title: `Lift the ban of ${ban.address}?`,
        text: 'Requests from there are served again within two seconds.',
        act: 'Lift it'
      }))
    ) {
      return
    }
    try {
      await call('DELETE', `/admin/ip-bans/${ban.id}`)
      row.remove()
      list.recount()
      toast(`${ban.address} may ask again.`)
    } catch (error) {
      toastProblem(`${ban.address} is still banned.`, error)
    }
  }
  const row = h(
    'li',
    { class: 'row' },
    h(
      'div',
      { class: 'row-main' },
      h(
        'p',
        { class: 'row-title' },
        h('code', {}, ban.address),
        ' ',
        ban.automatic && h('span', { class: 'badge badge-warn' }, 'automatic')
      ),
      h(
        'p',
        { class: 'row-facts' },
        ban.reason && h('span', {}, ban.reason),
        h('span', { title: fullTime(ban.created_at) }, 'Since ', sinceText(ban.created_at)),
        !ban.automatic && h('span', {}, 'By ', personNode(ban.created_by)),
        h('span', {}, ban.until ? `Until ${fullTime(ban.until)}` : 'Until it is lifted')
      )
    ),
    h(
      'div',
      { class: 'row-acts' },
      h(
        'button',
        {
          type: 'button',
          class: 'button button-small',
          onclick: lift,
          'aria-label': `Lift the ban of ${ban.address}`
        },
        'Lift'
      )
    )
  )
  return row
}
