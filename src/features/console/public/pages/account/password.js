import { call } from '../../lib/api.js'
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
  const { node } = form({
    fields: [current, ...next.fields],
    submitLabel: 'Change password',
    check: () =>
      current.input.value === '' ? [[current, 'Enter your current password.']] : next.check(),
    submit: async () => {
      await call('POST', '/me/password', {
        body: { current_password: current.input.value, new_password: next.value() }
      })
      node.reset()
      next.updateRules()
      toast('Password changed. Your other sessions have ended.')
    }
  })
  return panel('Password', node)
}
