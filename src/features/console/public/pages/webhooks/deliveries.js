import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { keepLive } from '../../ui/keep-live.js'
import { muted, panel } from '../../ui/page.js'
import { deliveryRow, isDueSoon, updateDelivery } from './delivery-row.js'

const POLL_MS = 2000
/** What happens now has a delivery a moment later. */
const FOLLOW_MS = 8000
const VIEWS = [
  ['', 'All'],
  ['pending', 'Waiting'],
  ['succeeded', 'Delivered'],
  ['failed', 'Failed']
]

/** Lists what was sent to a webhook, and follows what is under way. */
export function deliveriesPanel({ id }) {
  let status = ''
  const row = (delivery) => deliveryRow(delivery, { webhookId: id, onChange: () => live.refresh() })
  const list = infiniteList({
    noun: ['delivery', 'deliveries'],
    list: h('ul', { class: 'rows', 'aria-label': 'Deliveries' }),
    load: (cursor, signal, quietly) =>
      call('GET', `/webhooks/${id}/deliveries`, {
        query: { status, limit: 50, cursor },
        signal,
        ...quietly
      }),
    row,
    update: updateDelivery,
    empty: () => muted(status === '' ? 'Nothing was sent yet.' : 'There are none.')
  })
  let watchUntil = 0
  const live = keepLive(list, {
    concerns: () => {
      watchUntil = Date.now() + FOLLOW_MS
      return true
    }
  })
  const polling = setInterval(() => {
    if (Date.now() < watchUntil || [...list.list.children].some(isDueSoon)) {
      live.refresh()
    }
  }, POLL_MS)
  const views = viewButtons((next) => {
    status = next
    list.reload()
  })
  list.reload()
  return {
    node: panel('Deliveries', views, list.node),
    refresh: live.refresh,
    /** Shows a delivery that was asked for here. */
    add: (delivery) => {
      list.list.prepend(row(delivery))
      list.updateCount()
    },
    stop: () => {
      clearInterval(polling)
      live.stop()
      list.stop()
    }
  }
}

function viewButtons(onChoose) {
  const choose = (status) => {
    for (const [i, [view]] of VIEWS.entries()) {
      buttons[i].setAttribute('aria-pressed', String(view === status))
    }
  }
  const buttons = VIEWS.map(([view, label]) => {
    const onclick = () => {
      choose(view)
      onChoose(view)
    }
    return h('button', { type: 'button', onclick }, label)
  })
  choose('')
  return h('div', { class: 'segments', role: 'group', 'aria-label': 'Which deliveries' }, buttons)
}
