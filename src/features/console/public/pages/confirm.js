import { call } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { go, hashOf } from '../lib/router.js'
import { isLoggedIn, setUser, user } from '../lib/session.js'
import { field, form } from '../ui/form.js'
import { toast } from '../ui/toast.js'

/** Kept here and not in the address of the page, which others may see. */
let pending = ''
/** Notes the address that a code was sent to. */
export const confirmLater = (email = '') => {
  pending = email
}

/** The eight digits of a letter. */
export const codeField = () =>
  field({
    label: 'Code from the letter',
    name: 'otp',
    inputmode: 'numeric',
    autocomplete: 'one-time-code',
    maxlength: '20',
    hint: 'Eight digits, valid for ten minutes.'
  })

/** The page where an address is confirmed by the code that went there. */
export function confirmPage() {
  const email = field({
    label: 'Email',
    name: 'email',
    type: 'email',
    autocomplete: 'email',
    value: pending || user()?.email || ''
  })
  const otp = codeField()
  const again = h(
    'button',
    {
      type: 'button',
      class: 'button',
      onclick: async () => {
        try {
          await call('POST', '/auth/verify-email/resend', {
            body: { email: email.input.value.trim() }
          })
          toast('If there is anything to confirm, a new code is on its way.')
        } catch (error) {
          made.show(error)
        }
      }
    },
    'Send another code'
  )
  const made = form({
    fields: [email, otp],
    act: 'Confirm',
    more: again,
    submit: async () => {
      await call('POST', '/auth/verify-email', {
        body: { email: email.input.value.trim(), otp: otp.input.value.trim() }
      })
      pending = ''
      toast('The address is confirmed.')
      if (isLoggedIn()) {
        setUser(await call('GET', '/me'))
      }
      go(isLoggedIn() ? '/tasks' : '/login')
    }
  })
  return {
    title: 'Confirm your email',
    node: h(
      'section',
      { class: 'card' },
      h('h1', { tabindex: '-1' }, 'Confirm your email'),
      h('p', { class: 'muted' }, 'A letter with a code has been sent to you.'),
      made.node,
      h(
        'p',
        { class: 'links' },
        h(
          'a',
          { href: hashOf(isLoggedIn() ? '/tasks' : '/login') },
          isLoggedIn() ? 'Later' : 'Log in'
        )
      )
    )
  }
}
