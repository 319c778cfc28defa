import { h } from '../../lib/dom.js'
import { logIn, logOut } from '../../lib/log-in.js'
import { ApiError } from '../../lib/problem.js'
import { hashOf } from '../../lib/router.js'
import { currentUser, onNewToken } from '../../lib/session.js'
import { button } from '../../ui/button.js'
import { openDialog } from '../../ui/dialog.js'
import { field, form } from '../../ui/form.js'
import { card, muted } from '../../ui/page.js'
import { setPendingEmail } from './confirm-email.js'

/** Tells emails and usernames apart: a username has no @. */
const identifierOf = (text) =>
  text.includes('@') ? { email: text.trim() } : { username: text.trim() }

const TRY_AGAIN = 'Check both and try again.'
const wrongCredentials = ({ email }) =>
  email === undefined ? 'Wrong username or password' : 'Wrong email or password'

function loginForm({ onLogin, identifier = '', moreButtons = [] }) {
  const who = field({
    label: 'Username or email',
    name: 'username',
    autocomplete: 'username',
    autocapitalize: 'none',
    spellcheck: 'false',
    value: identifier,
    autofocus: identifier === ''
  })
  const password = field({
    label: 'Password',
    name: 'password',
    type: 'password',
    autocomplete: 'current-password',
    autofocus: identifier !== ''
  })
  return form({
    fields: [who, password],
    submitLabel: 'Log in',
    moreButtons,
    check: () =>
      [
        [who, 'Enter your username or email.'],
        [password, 'Enter your password.']
      ].filter(([{ input }]) => input.value === ''),
    submit: async () => {
      await attempt(identifierOf(who.input.value), password.input.value)
      password.input.value = ''
      onLogin()
    }
  }).node
}

async function attempt(identifier, password) {
  try {
    await logIn({ ...identifier, password })
  } catch (error) {
    if (error.code === 'bad_credentials') {
      throw new ApiError({ ...error, title: wrongCredentials(identifier), detail: TRY_AGAIN })
    }
    if (error.code === 'email_unverified') {
      setPendingEmail(identifier.email)
    }
    throw error
  }
}

const emailIsEnabled = () => document.body.dataset.email === 'on'

const registrationIsOpen = () => document.body.dataset.registration === 'open'

/** The page of users who are not logged in. */
export function loginPage() {
  return {
    title: 'Log in',
    node: card(
      'Log in',
      muted('Log in to see your tasks.'),
      loginForm({ onLogin: () => {} }),
      h(
        'p',
        { class: 'links' },
        registrationIsOpen() && h('a', { href: hashOf('/register') }, 'Create account'),
        emailIsEnabled() && h('a', { href: hashOf('/forgot') }, 'Forgot your password?')
      )
    )
  }
}

/**
 * Asks for the password in a dialog when the session has expired, so that nothing typed on the page is lost. Resolves
 * to true after a log-in, to false when the user logs out instead.
 */
export async function reauthenticate() {
  const user = currentUser()
  let stopWaiting
  const outcome = await openDialog({
    title: 'Log in to continue',
    closable: false,
    kind: 'dialog-login',
    body: (close) => {
      const leave = () => logOut().catch(() => {})
      // The user may do it in another tab.
      stopWaiting = onNewToken(() => close(true))
      return [
        h('p', {}, 'Your session has expired. Nothing that you typed is lost.'),
        loginForm({
          identifier: user?.username ?? user?.email ?? '',
          onLogin: () => close(true),
          moreButtons: button('Log out', leave)
        })
      ]
    }
  })
  stopWaiting()
  return outcome === true
}
