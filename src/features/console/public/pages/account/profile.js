import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { currentUser, setUser } from '../../lib/session.js'
import { formatDateTime } from '../../lib/time.js'
import { field, form } from '../../ui/form.js'
import { panel } from '../../ui/page.js'
import { passwordOnDemand } from '../../ui/password-on-demand.js'
import { toast } from '../../ui/toast.js'

/** Shows the profile and lets the user change username and display name. */
export function profilePanel() {
  const user = currentUser()
  const username = field({
    label: 'Username',
    name: 'username',
    value: user.username ?? '',
    autocomplete: 'username',
    autocapitalize: 'none',
    spellcheck: 'false',
    maxlength: '64'
  })
  const name = field({
    label: 'Display name',
    name: 'name',
    value: user.name ?? '',
    autocomplete: 'name',
    maxlength: '100'
  })
  const password = passwordOnDemand()
  const submit = async () => {
    const change = profileChange(username.input.value.trim(), name.input.value.trim())
    if (Object.keys(change).length > 0) {
      const body = { ...change, ...('username' in change && password.body()) }
      setUser(await password.during(() => call('PATCH', '/me', { body, retry: true })))
    }
    password.hide()
    toast('Profile saved.')
  }
  return panel(
    'Profile',
    h(
      'dl',
      { class: 'details' },
      detail('Role', user.role),
      detail('Created', formatDateTime(user.created_at)),
      detail('ID', h('code', {}, user.id))
    ),
    form({ fields: [username, name, password], submitLabel: 'Save profile', submit }).node
  )
}

const detail = (label, value) => h('div', {}, h('dt', {}, label), h('dd', {}, value))

/** Returns only what differs from the current profile. */
function profileChange(username, name) {
  const user = currentUser()
  return {
    ...(username !== (user.username ?? '') && { username }),
    ...(name !== (user.name ?? '') && { name: name || null })
  }
}
