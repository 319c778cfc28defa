import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { formatDateTime, formatRelative } from '../../lib/time.js'
import { button, rowButton } from '../../ui/button.js'
import { confirm } from '../../ui/dialog.js'
import { emptyState } from '../../ui/empty-state.js'
import { icon } from '../../ui/icons.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { actions, panel } from '../../ui/page.js'
import { badge, rowActions, rowDetails, rowMain } from '../../ui/row.js'
import { toast, toastProblem } from '../../ui/toast.js'
import { createApiKey, SCOPES } from './api-key-form.js'

/** Lists the API keys of the user, who can create and revoke them. */
export function apiKeysPanel() {
  const list = infiniteList({
    noun: ['key', 'keys'],
    load: (cursor, signal) => call('GET', '/me/api-keys', { query: { cursor }, signal }),
    row: (apiKey) => apiKeyRow(apiKey, list),
    empty: () =>
      emptyState(
        'No API keys',
        'An API key lets a program act for you, with only the rights that you choose.'
      )
  })
  list.reload()
  const create = () => createApiKey({ onCreated: () => list.reload() })
  return {
    stop: list.stop,
    node: panel('API keys', list.node, actions(button([icon('key'), 'Create API key'], create)))
  }
}

function apiKeyRow(apiKey, list) {
  const isExpired = new Date(apiKey.expires_at) < new Date()
  const revoke = async () => {
    if (await revokeApiKey(apiKey)) {
      row.remove()
      list.updateCount()
    }
  }
  const row = h(
    'li',
    { class: 'row' },
    rowMain(
      [apiKey.name, ' ', h('code', { class: 'muted' }, `${apiKey.prefix}…`)],
      rowDetails(
        apiKey.scopes.map((scope) => badge(SCOPES[scope] ?? scope)),
        h(
          'span',
          {
            class: isExpired ? 'overdue-text' : '',
            title: formatDateTime(apiKey.expires_at)
          },
          isExpired ? 'Expired ' : 'Expires ',
          formatRelative(apiKey.expires_at)
        ),
        h('span', {}, lastUsed(apiKey))
      )
    ),
    rowActions(rowButton('Revoke', `Revoke ${apiKey.name}`, revoke))
  )
  return row
}

const lastUsed = ({ last_used_at }) =>
  last_used_at ? `Last used ${formatRelative(last_used_at)}` : 'Never used'

/** Asks, then revokes. Tells whether the key is revoked. */
async function revokeApiKey({ id, name }) {
  const isConfirmed = await confirm({
    title: `Revoke “${name}”?`,
    text: 'Programs that use this key are rejected from now on. You cannot undo this.',
    confirmLabel: 'Revoke'
  })
  if (!isConfirmed) {
    return false
  }
  try {
    await call('DELETE', `/me/api-keys/${id}`)
    toast('API key revoked.')
    return true
  } catch (error) {
    toastProblem('The API key could not be revoked.', error)
    return false
  }
}
