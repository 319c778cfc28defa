import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { idempotentSubmit } from '../../lib/idempotency.js'
import { displayName } from '../../lib/users.js'
import { openDialog } from '../../ui/dialog.js'
import { field, form, select } from '../../ui/form.js'
import { showSecretLink } from '../../ui/secret-link.js'
import { toast } from '../../ui/toast.js'
import { ROLES } from './user-row.js'

/** Asks for the details of a new account and creates it. Resolves to true once it exists. */
export async function createUser() {
  const user = await openDialog({
    title: 'New user',
    body: (close) => [
      h('p', {}, 'Without an email you get a link to hand over; otherwise they get it by email.'),
      userForm(close)
    ]
  })
  if (user === undefined) {
    return false
  }
  if (user.setup_url === null) {
    toast(`“${displayName(user)}” gets an email to choose a password.`)
  } else {
    await showSecretLink({
      title: `Link for ${displayName(user)}`,
      text: 'With this link they choose their password, once, within two weeks. It is not shown again.',
      url: user.setup_url
    })
  }
  return true
}

function userForm(close) {
  const fields = [
    field({
      label: 'Username',
      name: 'username',
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      maxlength: '64',
      autofocus: true
    }),
    field({ label: 'Email', name: 'email', type: 'email', autocomplete: 'off' }),
    field({
      label: 'Display name (optional)',
      name: 'name',
      autocomplete: 'off',
      maxlength: '100'
    }),
    roleField()
  ]
  const create = idempotentSubmit((body, idempotencyKey) =>
    call('POST', '/admin/users', { body, idempotencyKey })
  )
  const values = () =>
    Object.fromEntries(
      fields.map((one) => [one.name, one.input.value.trim()]).filter(([, value]) => value !== '')
    )
  return form({
    fields,
    submitLabel: 'Create user',
    check: () => {
      const { username, email } = values()
      return username === undefined && email === undefined
        ? [[fields[0], 'Enter a username, an email, or both.']]
        : []
    },
    submit: async () => close(await create(values()))
  }).node
}

/** The field for the role of a new account. */
export const roleField = () =>
  field({ label: 'Role', name: 'role', control: select('role', ROLES, { value: 'user' }) })
