import { call } from '../../lib/api.js'
import { h, replace } from '../../lib/dom.js'
import { hashOf, navigate } from '../../lib/router.js'
import { button } from '../../ui/button.js'
import { field, form } from '../../ui/form.js'
import { card, muted } from '../../ui/page.js'
import { passwordFields } from '../../ui/password-fields.js'
import { toast } from '../../ui/toast.js'
import { codeField } from './confirm-email.js'

/** The page for a forgotten password, in three steps: request a code, enter it, choose another password. */
export function forgotPasswordPage() {
  const step = h('div', { class: 'stack' })
  const show = (text, { node }) => {
    replace(step, muted(text), node)
    node.querySelector('input').focus()
  }
  showEmailStep(show)
  return {
    title: 'Forgot your password',
    node: card(
      'Forgot your password?',
      step,
      h('p', { class: 'links' }, h('a', { href: hashOf('/login') }, 'Back to log in'))
    )
  }
}

function showEmailStep(show, value = '') {
  const email = field({
    label: 'Email',
    name: 'email',
    type: 'email',
    autocomplete: 'email',
    value
  })
  const submit = async () => {
    const entered = email.input.value.trim()
    const { reset_id } = await call('POST', '/auth/forgot-password', { body: { email: entered } })
    showCodeStep(show, reset_id, entered)
  }
  show(
    'We send a code to the email of your account.',
    form({ fields: [email], submitLabel: 'Send code', submit })
  )
}

function showCodeStep(show, reset_id, email) {
  const otp = codeField()
  const submit = async () => {
    const { reset_token } = await call('POST', '/auth/verify-otp', {
      body: { reset_id, otp: otp.input.value.trim() }
    })
    showPasswordStep(show, reset_token, email)
  }
  show(
    `If ${email} belongs to an account, we sent a code there.`,
    form({
      fields: [otp],
      submitLabel: 'Continue',
      submit,
      moreButtons: button('Start again', () => showEmailStep(show, email))
    })
  )
}

function showPasswordStep(show, reset_token, email) {
  const password = passwordFields({
    name: 'new_password',
    label: 'New password',
    identifiers: () => [email, email.split('@')[0]]
  })
  const submit = async () => {
    await call('POST', '/auth/reset-password', {
      body: { reset_token, new_password: password.value() }
    })
    toast('Password changed. Log in with the new password.')
    navigate('/login')
  }
  show(
    'Choose a new password. This ends all sessions of your account.',
    form({ fields: password.fields, submitLabel: 'Change password', check: password.check, submit })
  )
}
