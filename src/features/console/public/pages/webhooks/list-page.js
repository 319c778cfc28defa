import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { loadProjects } from '../../lib/projects.js'
import { hashOf, navigate } from '../../lib/router.js'
import { formatDateTime } from '../../lib/time.js'
import { button, iconButton, rowButton } from '../../ui/button.js'
import { emptyState } from '../../ui/empty-state.js'
import { icon } from '../../ui/icons.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { actions, page } from '../../ui/page.js'
import { rowActions, rowDetails, rowMain } from '../../ui/row.js'
import { deleteWebhook, setEnabled, titleOf } from './change.js'
import { createWebhook, editWebhook } from './form.js'
import { projectOf, reasonNode, stateBadge } from './state.js'
import { describeTypes } from './types.js'

const webhookPath = ({ id }) => `/webhooks/${id}`

/** Lists the webhooks of the user. */
export function webhooksPage() {
  const list = infiniteList({
    noun: ['webhook', 'webhooks'],
    list: h('ul', { class: 'rows', 'aria-label': 'Webhooks' }),
    load: async (cursor, signal) => {
      const loaded = await call('GET', '/webhooks', { query: { limit: 50, cursor }, signal })
      if (loaded.data.some(({ project_id }) => project_id !== null)) {
        await loadProjects()
      }
      return loaded
    },
    row: (webhook) => webhookRow(webhook, list),
    empty: () =>
      emptyState(
        'No webhooks',
        'A webhook tells a program of yours what changes in your lists, and tries again for three days.'
      )
  })
  const create = async () => {
    const webhook = await createWebhook()
    if (webhook) {
      navigate(webhookPath(webhook))
    }
  }
  list.reload()
  const newButton = button([icon('plus'), 'New webhook'], create, { kind: 'button-primary' })
  return {
    title: 'Webhooks',
    stop: list.stop,
    keys: [['n', 'New webhook', create]],
    node: page({ title: 'Webhooks', beside: actions(newButton) }, list.node)
  }
}

function webhookRow(webhook, list) {
  const row = h('li', { class: 'row', 'data-id': webhook.id })
  const act = {
    edit: async () => {
      show((await editWebhook(webhook)) ?? webhook)
      focus('Edit')
    },
    toggle: async () => {
      show((await setEnabled(webhook, !webhook.enabled)) ?? webhook)
      focus(webhook.enabled ? 'Disable' : 'Enable')
    },
    remove: async () => {
      if (await deleteWebhook(webhook)) {
        const neighbour = row.nextElementSibling ?? row.previousElementSibling
        row.remove()
        neighbour?.querySelector('a, button')?.focus()
        list.updateCount()
      }
    }
  }
  const focus = (label) =>
    [...row.querySelectorAll('button')].find(({ textContent }) => textContent === label)?.focus()
  const show = (next) => {
    webhook = next
    row.replaceChildren(mainOf(webhook), actionsOf(webhook, act))
  }
  show(webhook)
  return row
}

const mainOf = (webhook) =>
  rowMain(
    [h('a', { href: hashOf(webhookPath(webhook)) }, titleOf(webhook)), ' ', stateBadge(webhook)],
    h('p', { class: 'task-text' }, webhook.url),
    reasonNode(webhook),
    rowDetails(
      h('span', {}, describeTypes(webhook.types)),
      h('span', {}, projectOf(webhook)),
      h('span', {}, 'Since ', formatDateTime(webhook.created_at))
    )
  )

function actionsOf(webhook, { edit, toggle, remove }) {
  const name = titleOf(webhook)
  return rowActions(
    h(
      'a',
      {
        class: 'button button-small',
        href: hashOf(webhookPath(webhook)),
        'aria-label': `Deliveries of ${name}`
      },
      'Deliveries'
    ),
    rowButton('Edit', `Edit ${name}`, edit),
    webhook.enabled
      ? rowButton('Disable', `Disable ${name}`, toggle)
      : rowButton('Enable', `Enable ${name}`, toggle),
    iconButton('trash', `Delete ${name}`, remove, { kind: 'icon-danger', title: 'Delete' })
  )
}
