import { h } from '../lib/dom.js'
import { hashOf } from '../lib/router.js'

/** What went wrong, in words, with the request id under which it stands in the log. */
export function problemBox(error, { again, without = [] } = {}) {
  const faults = (error.errors ?? [])
    .filter((fault) => !without.includes(fault))
    .map(({ detail }) => detail)
  return h(
    'div',
    { class: 'problem', role: 'alert' },
    h('p', { class: 'problem-title' }, error.title ?? 'Something went wrong in this page'),
    error.message !== `${error.title}.` && h('p', {}, error.message),
    faults.length > 0 &&
      h(
        'ul',
        {},
        faults.map((fault) => h('li', {}, fault))
      ),
    requestId(error),
    error.code === 'email_unverified' &&
      h('a', { href: hashOf('/confirm') }, 'Confirm the address with a code'),
    again && h('button', { type: 'button', class: 'button', onclick: again }, 'Try again')
  )
}

/** The id to name when one asks for help; nothing where there was no answer. */
export const requestId = (error) =>
  error.request_id &&
  h('p', { class: 'request-id' }, 'Request id ', h('code', {}, error.request_id))
