import { call } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { hashOf } from '../lib/router.js'
import { start, user } from '../lib/session.js'
import { openDialog } from '../ui/dialog.js'
import { field, form } from '../ui/form.js'
import { confirmLater } from './confirm.js'

/** Names and addresses share one field: a name has no @. */
export const identifierOf = (text) =>
  text.includes('@') ? { email: text.trim() } : { username: text.trim() }

function loginForm({ done, name = '', more = [] }) {
  const who = field({
    label: 'Username or email',
    name: 'username',
    autocomplete: 'username',
    autocapitalize: 'none',
    spellcheck: 'false',
    value: name,
    autofocus: name === ''
  })
  const password = field({
    label: 'Password',
    name: 'password',
    type: 'password',
    autocomplete: 'current-password',
    autofocus: name !== ''
  })
  const made = form({
    fields: [who, password],
    act: 'Log in',
    more,
    check: () =>
      [
        [who, 'Who are you? Type your username or email.'],
        [password, 'Type your password.']
      ].filter(([{ input }]) => input.value === ''),
    submit: async () => {
      const identifier = identifierOf(who.input.value)
      try {
        const tokens = await call('POST', '/auth/login', {
          body: { ...identifier, password: password.input.value }
        })
        password.input.value = ''
        start(tokens)
        done()
      } catch (error) {
        if (error.code === 'email_unverified') {
          confirmLater(identifier.email)
        }
        throw error
      }
    }
  })
  return made.node
}

const emailIsEnabled = () => document.body.dataset.email === 'on'

/** The page of people who are not logged in. */
export function loginPage() {
  return {
    title: 'Log in',
    node: h(
      'section',
      { class: 'card' },
      h('h1', { tabindex: '-1' }, 'Log in'),
      h('p', { class: 'muted' }, 'Your tasks, and nothing else.'),
      loginForm({ done: () => {} }),
      h(
        'p',
        { class: 'links' },
        h('a', { href: hashOf('/register') }, 'Make an account'),
        emailIsEnabled() && h('a', { href: hashOf('/forgot') }, 'Forgot your password?')
      )
    )
  }
}

/**
 * Asks for the password over the page when a session has run out, so that nothing typed below is lost. True when the
 * person is back, false when they would rather leave.
 */
export async function askLogin() {
  const name = user()?.username ?? user()?.email ?? ''
  return (
    (await openDialog({
      title: 'Log in to go on',
      closable: false,
      kind: 'dialog-login',
      body: (close) => [
        h('p', {}, 'Your session has ended. What you have typed stays where it is.'),
        loginForm({
          name,
          done: () => close(true),
          more: h(
            'button',
            {
              type: 'button',
              class: 'button',
              onclick: () => {
                start(undefined)
                close(false)
              }
            },
            'Log out'
          )
        })
      ]
    })) === true
  )
}
