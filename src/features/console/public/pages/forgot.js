import { call } from '../lib/api.js'
import { h, replace } from '../lib/dom.js'
import { go, hashOf } from '../lib/router.js'
import { field, form } from '../ui/form.js'
import { passwordFields } from '../ui/password-fields.js'
import { toast } from '../ui/toast.js'
import { codeField } from './confirm.js'

/** A forgotten password, in three steps: ask for a code, prove the mailbox, choose another password. */
export function forgotPage() {
  const step = h('div', { class: 'stack' })
  const show = (text, made) => {
    replace(step, h('p', { class: 'muted' }, text), made.node)
    made.node.querySelector('input').focus()
  }

  const choose = (reset_token, email) => {
    const password = passwordFields({
      name: 'new_password',
      label: 'New password',
      names: () => [email, email.split('@')[0]]
    })
    show(
      'Choose a new password. Every session of the account ends.',
      form({
        fields: password.fields,
        act: 'Set the password',
        check: password.check,
        submit: async () => {
          await call('POST', '/auth/reset-password', {
            body: { reset_token, new_password: password.value() }
          })
          toast('The new password counts. Log in with it.')
          go('/login')
        }
      })
    )
  }
  const prove = (reset_id, email) => {
    const otp = codeField()
    show(
      `If ${email} belongs to an account, a code is on its way there.`,
      form({
        fields: [otp],
        act: 'Check the code',
        more: h(
          'button',
          { type: 'button', class: 'button', onclick: () => ask(email) },
          'Start again'
        ),
        submit: async () =>
          choose(
            (
              await call('POST', '/auth/verify-otp', {
                body: { reset_id, otp: otp.input.value.trim() }
              })
            ).reset_token,
            email
          )
      })
    )
  }
  const ask = (value = '') => {
    const email = field({
      label: 'Email',
      name: 'email',
      type: 'email',
      autocomplete: 'email',
      value
    })
    show(
      'We send a code to the address of your account.',
      form({
        fields: [email],
        act: 'Send a code',
        submit: async () => {
          const address = email.input.value.trim()
          prove(
            (await call('POST', '/auth/forgot-password', { body: { email: address } })).reset_id,
            address
          )
        }
      })
    )
  }
  ask()
  return {
    title: 'Forgot your password',
    node: h(
      'section',
      { class: 'card' },
      h('h1', { tabindex: '-1' }, 'Forgot your password?'),
      step,
      h('p', { class: 'links' }, h('a', { href: hashOf('/login') }, 'Back to log in'))
    )
  }
}
