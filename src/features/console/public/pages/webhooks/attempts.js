import { h } from '../../lib/dom.js'
import { formatDateTime } from '../../lib/time.js'

/** The attempts of a delivery, newest first, behind a summary that unfolds them. */
export function attemptsNode({ attempts, attempt_count, change_id }, isOpen) {
  return h(
    'details',
    { class: 'attempts', open: isOpen },
    h('summary', {}, attempt_count === 1 ? '1 attempt' : `${attempt_count} attempts`),
    h('p', { class: 'muted' }, 'webhook-id ', h('code', {}, change_id)),
    h('ol', { class: 'attempt-list' }, attempts.toReversed().map(attemptNode))
  )
}

const attemptNode = ({ attempted_at, status, duration_ms, error, response, data_omitted }) =>
  h(
    'li',
    {},
    h(
      'p',
      {},
      h('time', { datetime: attempted_at }, formatDateTime(attempted_at)),
      ` · ${status === null ? 'no response' : `status ${status}`} · ${duration_ms.toLocaleString()} ms`
    ),
    error && h('p', { class: 'overdue-text' }, error),
    data_omitted &&
      h('p', { class: 'muted' }, 'Sent without data: the body was larger than 256 KiB.'),
    response && h('pre', { class: 'response', tabindex: '0', 'aria-label': 'Response' }, response)
  )
