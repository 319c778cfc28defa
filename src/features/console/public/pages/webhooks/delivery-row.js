import { call } from '../../lib/api.js'
import { h, replace } from '../../lib/dom.js'
import { formatDateTime, formatRelative } from '../../lib/time.js'
import { rowButton } from '../../ui/button.js'
import { keepingFocus } from '../../ui/keep-focus.js'
import { badge, rowActions, rowDetails, rowMain } from '../../ui/row.js'
import { toast, toastProblem } from '../../ui/toast.js'
import { attemptsNode } from './attempts.js'

/** An attempt that is under way has its next one a little later. */
const SOON_MS = 60_000
const STATUSES = {
  pending: ['waiting', 'badge-warn'],
  succeeded: ['delivered', 'badge-accent'],
  failed: ['failed', 'badge-bad']
}

const updates = new WeakMap()

/** Shows a delivery as it is now in its row, with its attempts as open as they were. */
export function updateDelivery(row, delivery) {
  updates.get(row)(delivery)
  return row
}

/** Tells whether something will soon have happened to the delivery of a row; what is long overdue waits for more. */
export const isDueSoon = ({ dataset: { due } }) =>
  due !== 'never' && (due === '' || Math.abs(new Date(due) - Date.now()) < SOON_MS)

/** Creates the row of a delivery, whose attempts unfold. */
export function deliveryRow(delivery, { webhookId, onChange }) {
  const row = h('li', { class: 'row', 'data-id': delivery.id })
  const again = async () => {
    try {
      show(
        await call('POST', `/webhooks/${webhookId}/deliveries/${delivery.id}/redeliver`, {
          retry: true
        })
      )
      toast('It is delivered once more.')
      onChange()
    } catch (error) {
      toastProblem('It could not be delivered once more.', error)
    }
  }
  const show = (next) => {
    const isOpen = row.querySelector('details')?.open ?? false
    row.dataset.due = next.status === 'pending' ? (next.next_attempt_at ?? '') : 'never'
    delivery = next
    keepingFocus(row, row, () =>
      replace(
        row,
        deliveryMain(delivery),
        rowActions(rowButton('Deliver again', `Deliver again: ${nameOf(delivery)}`, again)),
        attemptsNode(delivery, isOpen)
      )
    )
  }
  updates.set(row, show)
  show(delivery)
  return row
}

const nameOf = ({ type, created_at }) => `${type} of ${formatDateTime(created_at)}`

function deliveryMain(delivery) {
  const { type, status, created_at, next_attempt_at, attempts } = delivery
  const [label, kind] = STATUSES[status] ?? [status, 'badge-warn']
  const last = attempts.at(-1)
  return rowMain(
    [h('code', {}, type), ' ', badge(label, kind)],
    rowDetails(
      h('span', { title: formatDateTime(created_at) }, formatRelative(created_at)),
      last && h('span', {}, last.status === null ? 'No response' : `Status ${last.status}`),
      last && h('span', {}, `${last.duration_ms.toLocaleString()} ms`),
      next_attempt_at && h('span', {}, 'Next attempt ', formatRelative(next_attempt_at))
    )
  )
}
