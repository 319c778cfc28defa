import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { hashOf, navigate } from '../../lib/router.js'
import { currentUser, isLoggedIn, setUser } from '../../lib/session.js'
import { button } from '../../ui/button.js'
import { field, form } from '../../ui/form.js'
import { card, muted } from '../../ui/page.js'
import { toast } from '../../ui/toast.js'

/** The email that waits for a code. Stored here and not in the URL, which others may see. */
let pendingEmail = ''
export const setPendingEmail = (email = '') => {
  pendingEmail = email
}

/** Creates the field for the eight digits of an email. */
export const codeField = () =>
  field({
    label: 'Code from the email',
    name: 'otp',
    inputmode: 'numeric',
    autocomplete: 'one-time-code',
    maxlength: '80',
    hint: 'Eight digits, valid for ten minutes.'
  })

/** The page where users confirm their email with the code that was sent there. */
export function confirmEmailPage() {
  return {
    title: 'Confirm your email',
    node: card(
      'Confirm your email',
      muted('Enter the code that we sent to your email.'),
      confirmForm(),
      h(
        'p',
        { class: 'links' },
        isLoggedIn()
          ? h('a', { href: hashOf('/tasks') }, 'Confirm later')
          : h('a', { href: hashOf('/login') }, 'Log in')
      )
    )
  }
}

function confirmForm() {
  const email = field({
    label: 'Email',
    name: 'email',
    type: 'email',
    autocomplete: 'email',
    value: pendingEmail || currentUser()?.email || ''
  })
  const otp = codeField()
  const enteredEmail = () => email.input.value.trim()
  const resend = async () => {
    try {
      await call('POST', '/auth/verify-email/resend', { body: { email: enteredEmail() } })
      toast('If this email is waiting for confirmation, a new code is on its way.')
    } catch (error) {
      showError(error)
    }
  }
  const { node, showError } = form({
    fields: [email, otp],
    submitLabel: 'Confirm',
    moreButtons: button('Send another code', resend),
    submit: () => confirmEmail(enteredEmail(), otp.input.value.trim())
  })
  return node
}

async function confirmEmail(email, otp) {
  await call('POST', '/auth/verify-email', { body: { email, otp } })
  pendingEmail = ''
  toast('Email confirmed.')
  if (isLoggedIn()) {
    setUser(await call('GET', '/me'))
  }
  navigate(isLoggedIn() ? '/tasks' : '/login')
}
