import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { navigate } from '../../lib/router.js'
import { currentUser, setUser } from '../../lib/session.js'
import { button } from '../../ui/button.js'
import { field, form } from '../../ui/form.js'
import { panel } from '../../ui/page.js'
import { badge } from '../../ui/row.js'
import { toast } from '../../ui/toast.js'
import { setPendingEmail } from '../auth/confirm-email.js'

const verificationIsOn = () => document.body.dataset.verification !== 'off'

/** Shows the email and lets the user confirm or change it. */
export function emailPanel() {
  const { email, email_verified } = currentUser()
  return panel(
    'Email',
    email ? currentEmail(email, email_verified) : h('p', { class: 'muted' }, 'You have no email.'),
    email &&
      !email_verified &&
      verificationIsOn() &&
      h(
        'p',
        {},
        button('Confirm with a code', () => enterCode(email), { kind: 'button-small' })
      ),
    changeForm()
  )
}

const currentEmail = (email, isVerified) =>
  h(
    'p',
    {},
    email,
    ' ',
    isVerified ? badge('confirmed', 'badge-accent') : badge('not confirmed', 'badge-warn')
  )

function enterCode(email) {
  setPendingEmail(email)
  navigate('/confirm')
}

function changeForm() {
  const email = field({
    label: 'New email',
    name: 'email',
    type: 'email',
    autocomplete: 'email',
    hint: verificationIsOn() ? 'We send you a code. Enter it to complete the change.' : null
  })
  const password = field({
    label: 'Your password',
    name: 'current_password',
    type: 'password',
    autocomplete: 'current-password'
  })
  const submit = async () => {
    const entered = email.input.value.trim()
    const body = { email: entered, current_password: password.input.value }
    setUser(await call('PATCH', '/me', { body }))
    if (verificationIsOn()) {
      enterCode(entered)
    } else {
      toast('Email changed.')
      navigate('/account')
    }
  }
  return form({ fields: [email, password], submitLabel: 'Change email', submit }).node
}
