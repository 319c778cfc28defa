import { call } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { go, hashOf } from '../lib/router.js'
import { start } from '../lib/session.js'
import { field, form } from '../ui/form.js'
import { passwordFields } from '../ui/password-fields.js'
import { confirmLater } from './confirm.js'

/** The page where accounts are made. */
export function registerPage() {
  const username = field({
    label: 'Username',
    name: 'username',
    autocomplete: 'username',
    autocapitalize: 'none',
    spellcheck: 'false',
    maxlength: '64',
    hint: 'Letters, digits, dot, underscore and hyphen.'
  })
  const email = field({
    label: 'Email',
    name: 'email',
    type: 'email',
    autocomplete: 'email',
    hint: 'A username or an email is enough. Only with an email can a forgotten password be replaced.'
  })
  const name = field({
    label: 'Name to show (optional)',
    name: 'name',
    autocomplete: 'name',
    maxlength: '100'
  })
  const password = passwordFields({ names: () => [username.input.value, email.input.value] })
  for (const { input } of [username, email]) {
    input.addEventListener('input', password.hint)
  }
  const values = () =>
    Object.fromEntries(
      [username, email, name]
        .map((one) => [one.name, one.input.value.trim()])
        .filter(([, value]) => value !== '')
    )

  const { node } = form({
    fields: [username, email, name, ...password.fields],
    act: 'Make the account',
    check: () => {
      const { username: u, email: e } = values()
      return u === undefined && e === undefined
        ? [[username, 'Give a username, an email, or both.']]
        : password.check()
    },
    submit: async () => {
      const tokens = await call('POST', '/auth/register', {
        body: { ...values(), password: password.value() }
      })
      const confirms = tokens.user.email !== null && document.body.dataset.verification !== 'off'
      if (confirms) {
        confirmLater(tokens.user.email)
      }
      start(tokens)
      go(confirms ? '/confirm' : '/tasks')
    }
  })
  return {
    title: 'Make an account',
    node: h(
      'section',
      { class: 'card' },
      h('h1', { tabindex: '-1' }, 'Make an account'),
      node,
      h('p', { class: 'links' }, h('a', { href: hashOf('/login') }, 'I have an account'))
    )
  }
}
