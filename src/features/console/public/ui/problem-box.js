import { h } from '../lib/dom.js'
import { hashOf } from '../lib/router.js'
import { button } from './button.js'

/** Shows what went wrong, with the request id for finding it in the log. */
export function problemBox(error, { retry, without = [] } = {}) {
  const details = (error.errors ?? [])
    .filter((one) => !without.includes(one) && one.detail !== error.message)
    .map(({ detail }) => h('li', {}, detail))
  return h(
    'div',
    { class: 'problem', role: 'alert' },
    h('p', { class: 'problem-title' }, error.title ?? 'Something went wrong on this page'),
    error.message !== `${error.title}.` && h('p', {}, error.message),
    details.length > 0 && h('ul', {}, details),
    requestId(error),
    error.code === 'email_unverified' &&
      h('a', { href: hashOf('/confirm') }, 'Confirm your email with a code'),
    retry && button('Try again', retry)
  )
}

/** Shows the id to mention when asking for help. Errors without a response have none. */
export const requestId = (error, text = 'Request ID ') =>
  error.request_id && h('p', { class: 'request-id' }, text, h('code', {}, error.request_id))
