import { h } from '../../lib/dom.js'
import { signUp } from '../../lib/log-in.js'
import { hashOf, navigate, replaceQuery } from '../../lib/router.js'
import { currentUser, isLoggedIn } from '../../lib/session.js'
import { displayName } from '../../lib/users.js'
import { field, form } from '../../ui/form.js'
import { card, muted } from '../../ui/page.js'
import { passwordFields } from '../../ui/password-fields.js'
import { setPendingEmail } from './confirm-email.js'

/** The token of an invitation: it works once, and belongs neither on the screen nor into the history. */
let invitationToken

/** The page where users create an account, also with an invitation. */
export function registerPage(query) {
  invitationToken = query.get('invitation_token') ?? invitationToken
  replaceQuery('/register')
  const { registration } = document.body.dataset
  const isClosed = registration === 'closed'
  const isOpen = registration === 'open' || (!isClosed && invitationToken !== undefined)
  return {
    title: 'Create account',
    node: card(
      'Create account',
      isOpen &&
        invitationToken !== undefined &&
        muted('You are invited. The email that was invited needs no code.'),
      isOpen && isLoggedIn() && muted(andLogsOut()),
      isOpen
        ? registerForm()
        : muted(
            isClosed
              ? 'Nobody can sign up here. Ask an administrator for an account.'
              : 'New accounts need an invitation. Open the link in your invitation, or ask an administrator.'
          ),
      h(
        'p',
        { class: 'links' },
        h('a', { href: hashOf('/login') }, 'Log in to an existing account')
      )
    )
  }
}

const andLogsOut = () =>
  `You are logged in as ${displayName(currentUser())}. A new account logs you out of yours here.`

function registerForm() {
  const profile = profileFields()
  const [username, email] = profile
  const password = passwordFields({
    identifiers: () => [username.input.value, email.input.value]
  })
  for (const { input } of [username, email]) {
    input.addEventListener('input', password.updateRules)
  }
  const values = () =>
    Object.fromEntries(
      profile.map((one) => [one.name, one.input.value.trim()]).filter(([, value]) => value !== '')
    )
  return form({
    fields: [...profile, ...password.fields],
    submitLabel: 'Create account',
    check: () => {
      const { username: name, email: mail } = values()
      if (mail === undefined && emailIsRequired()) {
        return [[email, 'Enter your email.']]
      }
      return name === undefined && mail === undefined
        ? [[username, 'Enter a username, an email, or both.']]
        : password.check()
    },
    submit: () => register({ ...values(), password: password.value() })
  }).node
}

const emailIsRequired = () => document.body.dataset.verification === 'required'

function profileFields() {
  const username = field({
    label: 'Username',
    name: 'username',
    autocomplete: 'username',
    autocapitalize: 'none',
    spellcheck: 'false',
    maxlength: '64',
    hint: 'Letters, digits, dots, underscores and hyphens.'
  })
  const email = field({
    label: 'Email',
    name: 'email',
    type: 'email',
    autocomplete: 'email',
    hint: emailIsRequired()
      ? 'We send a code there to confirm it.'
      : 'Enter a username, an email, or both. You need an email to reset a forgotten password.'
  })
  const name = field({
    label: 'Display name (optional)',
    name: 'name',
    autocomplete: 'name',
    maxlength: '100'
  })
  return [username, email, name]
}

async function register(body) {
  const { email, email_verified } = await signUp({ ...body, invitation_token: invitationToken })
  invitationToken = undefined
  const mustConfirm =
    email !== null && !email_verified && document.body.dataset.verification !== 'off'
  if (mustConfirm) {
    setPendingEmail(email)
  }
  navigate(mustConfirm ? '/confirm' : '/tasks')
}
