import { call } from '../../lib/api.js'
import { h, replace } from '../../lib/dom.js'
import { newIdempotencyKey } from '../../lib/idempotency.js'
import { hashOf, navigate } from '../../lib/router.js'
import { formatDateTime } from '../../lib/time.js'
import { button } from '../../ui/button.js'
import { keepingFocus } from '../../ui/keep-focus.js'
import { loadedPage } from '../../ui/loaded-page.js'
import { actions, page, panel, setPageTitle } from '../../ui/page.js'
import { toast, toastProblem } from '../../ui/toast.js'
import { deleteWebhook, rotateSecret, setEnabled, titleOf } from './change.js'
import { deliveriesPanel } from './deliveries.js'
import { editWebhook } from './form.js'
import { projectOf, reasonNode, stateBadge } from './state.js'
import { describeTypes } from './types.js'

/** Shows a webhook with its deliveries, and what can be done with it. */
export const webhookPage = (_query, id) =>
  loadedPage({
    title: 'Webhook',
    load: (signal) => call('GET', `/webhooks/${id}`, { signal }),
    create: createPage,
    missing: () => ({
      title: 'Webhook not found',
      node: page(
        { title: 'Webhook not found' },
        h('p', {}, 'You have no such webhook. ', h('a', { href: hashOf('/webhooks') }, 'Show all'))
      )
    })
  })

function createPage(webhook) {
  const title = h('span', {})
  const state = h('span', {})
  const details = h('dl', { class: 'details details-wide' })
  const tools = h('div', { class: 'head-tools' })
  const deliveries = deliveriesPanel(webhook)
  const act = {
    ping: () => ping(webhook, deliveries),
    edit: async () => show((await editWebhook(webhook)) ?? webhook),
    toggle: async () => {
      show((await setEnabled(webhook, !webhook.enabled)) ?? webhook)
      deliveries.refresh()
    },
    rotate: async () => show((await rotateSecret(webhook)) ?? webhook),
    remove: async () => {
      if (await deleteWebhook(webhook)) {
        navigate('/webhooks')
      }
    }
  }
  const show = (next) => {
    webhook = next
    setPageTitle(titleOf(webhook))
    title.textContent = titleOf(webhook)
    replace(state, stateBadge(webhook))
    replace(details, detailsOf(webhook))
    keepingFocus(tools, tools, () => replace(tools, toolsOf(webhook, act)))
  }
  show(webhook)
  return {
    title: titleOf(webhook),
    stop: deliveries.stop,
    node: page({ title, beside: [state, tools] }, panel('Webhook', details), deliveries.node)
  }
}

const toolsOf = ({ enabled }, { ping, edit, toggle, rotate, remove }) =>
  actions(
    enabled && button('Send a ping', ping, { kind: 'button-small', title: 'Send a ping' }),
    button('Edit', edit, { kind: 'button-small', title: 'Edit' }),
    button(enabled ? 'Disable' : 'Enable', toggle, {
      kind: 'button-small',
      title: 'Enable or disable'
    }),
    button('Replace secret', rotate, { kind: 'button-small', title: 'Replace the secret' }),
    button('Delete', remove, { kind: 'button-small', title: 'Delete' })
  )

const detailsOf = (webhook) => {
  const { url, types, previous_secret_until: until } = webhook
  const reason = reasonNode(webhook)
  return [
    detail('URL', h('code', {}, url)),
    detail(
      'Sends',
      describeTypes(types),
      types.length > 3 && h('p', { class: 'muted' }, types.join(', '))
    ),
    detail('Of', projectOf(webhook)),
    reason && detail('State', reason),
    until && detail('Secret', `Also signed with an earlier one until ${formatDateTime(until)}.`)
  ]
}

const detail = (label, ...value) => h('div', {}, h('dt', {}, label), h('dd', {}, value))

async function ping(webhook, deliveries) {
  try {
    const delivery = await call('POST', `/webhooks/${webhook.id}/ping`, {
      idempotencyKey: newIdempotencyKey()
    })
    deliveries.add(delivery)
    toast('A ping is on its way.')
  } catch (error) {
    toastProblem('The ping could not be sent.', error)
  }
}
