import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { idempotentSubmit } from '../../lib/idempotency.js'
import { fromLocalInput, toLocalInput } from '../../lib/time.js'
import { openDialog } from '../../ui/dialog.js'
import { field, form } from '../../ui/form.js'
import { passwordOnDemand } from '../../ui/password-on-demand.js'
import { showSecret } from '../../ui/show-secret.js'

export const SCOPES = {
  'tasks:read': 'Read tasks',
  'tasks:write': 'Change tasks',
  'comments:read': 'Read comments',
  'comments:write': 'Write comments',
  'imports:read': 'Read imports',
  'imports:write': 'Import files',
  'projects:read': 'Read projects',
  'projects:write': 'Change projects',
  'people:read': 'Find people',
  'changes:read': 'Follow changes',
  'webhooks:read': 'Read webhooks',
  'webhooks:write': 'Have all you see sent to a URL',
  'profile:read': 'Read your profile'
}
const DAY_MS = 86_400_000
const DEFAULT_LIFETIME_DAYS = 90

/** Lets the user create an API key and shows the secret once. */
export async function createApiKey({ onCreated }) {
  const created = await openDialog({ title: 'Create an API key', body: apiKeyForm })
  if (created) {
    onCreated()
    await showKey(created)
  }
}

function apiKeyForm(close) {
  const name = field({
    label: 'Name',
    name: 'name',
    maxlength: '100',
    autocomplete: 'off',
    autofocus: true
  })
  const scopes = scopesField()
  const expiry = field({
    label: 'Expires',
    name: 'expires_at',
    type: 'datetime-local',
    value: toLocalInput(new Date(Date.now() + DEFAULT_LIFETIME_DAYS * DAY_MS).toISOString()),
    hint: 'At most one year from now.'
  })
  const password = passwordOnDemand()
  const create = idempotentSubmit((body, idempotencyKey) =>
    call('POST', '/me/api-keys', { body, idempotencyKey })
  )
  return form({
    fields: [name, scopes, expiry, password],
    submitLabel: 'Create key',
    check: () =>
      [
        name.input.value.trim() === '' && [name, 'Enter a name for the key.'],
        scopes.value().length === 0 && [scopes, 'Choose at least one permission.'],
        expiry.input.value === '' && [expiry, 'Enter when the key expires.']
      ].filter(Boolean),
    submit: async () => {
      const body = {
        name: name.input.value.trim(),
        scopes: scopes.value(),
        expires_at: fromLocalInput(expiry.input.value),
        ...password.body()
      }
      close(await password.during(() => create(body)))
    }
  }).node
}

/** Creates checkboxes for the scopes of a key, with what a form needs of a field. */
function scopesField() {
  const boxes = Object.keys(SCOPES).map((scope) =>
    h('input', {
      type: 'checkbox',
      name: 'scopes',
      value: scope,
      checked: scope === 'tasks:read'
    })
  )
  const labels = boxes.map((box) =>
    h('label', { class: 'check' }, box, SCOPES[box.value], h('code', { class: 'muted' }, box.value))
  )
  const errorNode = h('p', { class: 'field-error', role: 'alert' })
  return {
    name: 'scopes',
    input: boxes[0],
    setError: (text) => {
      errorNode.textContent = text
    },
    value: () => boxes.filter((box) => box.checked).map((box) => box.value),
    node: h(
      'fieldset',
      {},
      h('legend', {}, 'Permissions'),
      h('div', { class: 'checks' }, labels),
      errorNode
    )
  }
}

/** Shows the secret of a new key. The server stores only its hash, so this is the only time. */
const showKey = ({ name, key }) =>
  showSecret({
    title: 'Your new API key',
    text: `Copy the key “${name}” now. You cannot see it again.`,
    what: 'API key',
    noun: 'key',
    secret: key
  })
