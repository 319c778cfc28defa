import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { logOut } from '../../lib/log-in.js'
import { hashOf, navigate, replaceQuery } from '../../lib/router.js'
import { isLoggedIn } from '../../lib/session.js'
import { form } from '../../ui/form.js'
import { card, muted } from '../../ui/page.js'
import { passwordFields } from '../../ui/password-fields.js'
import { toast } from '../../ui/toast.js'

const ENDS_SESSIONS =
  'This ends all sessions of your account, if it has any. Then log in with the new password.'
let token

/** The page that the link of an administrator leads to: choose a password. */
export function setPasswordPage(query) {
  token = query.get('reset_token') ?? token
  // The link works once; it belongs neither on the screen nor into the history.
  replaceQuery('/set-password')
  return {
    title: 'Choose your password',
    node: card(
      'Choose your password',
      token === undefined
        ? muted('Open the link in your email again.')
        : [muted(ENDS_SESSIONS), passwordForm()],
      h('p', { class: 'links' }, h('a', { href: hashOf('/login') }, 'Log in'))
    )
  }
}

function passwordForm() {
  const password = passwordFields({
    name: 'new_password',
    label: 'New password',
    identifiers: () => []
  })
  const submit = async () => {
    await call('POST', '/auth/reset-password', {
      body: { reset_token: token, new_password: password.value() }
    })
    token = undefined
    if (isLoggedIn()) {
      await logOut().catch(() => {})
    }
    toast('Password saved. Log in with it.')
    navigate('/login')
  }
  return form({
    fields: password.fields,
    submitLabel: 'Save password',
    check: password.check,
    submit
  }).node
}
