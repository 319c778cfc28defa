import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { currentUser } from '../../lib/session.js'
import { field, form } from '../../ui/form.js'
import { panel } from '../../ui/page.js'
import { passwordFields } from '../../ui/password-fields.js'
import { toast } from '../../ui/toast.js'

/** Lets the user change the password. */
export function passwordPanel() {
  const current = field({
    label: 'Current password',
    name: 'current_password',
    type: 'password',
    autocomplete: 'current-password'
  })
  const next = passwordFields({
    name: 'new_password',
    label: 'New password',
    identifiers: () => [currentUser()?.username ?? '', currentUser()?.email ?? '']
  })
  const keepsKeys = h('input', { type: 'checkbox', name: 'keep_api_keys' })
  const fields = [current, ...next.fields]
  const { node } = form({
    fields,
    layout: [
      ...fields.map((one) => one.node),
      h('label', { class: 'check' }, keepsKeys, 'Keep my API keys')
    ],
    submitLabel: 'Change password',
    check: () =>
      current.input.value === '' ? [[current, 'Enter your current password.']] : next.check(),
    submit: async () => {
      await call('POST', '/me/password', {
        body: {
          current_password: current.input.value,
          new_password: next.value(),
          ...(keepsKeys.checked && { keep_api_keys: true })
        }
      })
      const keys = keepsKeys.checked ? 'are kept' : 'are revoked'
      node.reset()
      next.updateRules()
      toast(`Password changed. Your other sessions have ended, and your API keys ${keys}.`)
    }
  })
  return panel('Password', node)
}
