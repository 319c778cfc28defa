import { onConnectionChange, retryNow } from '../lib/connection.js'
import { h } from '../lib/dom.js'
import { button } from './button.js'

const TEXTS = {
  offline: 'You are offline. Your changes are sent when the network is back.',
  unreachable: 'Tasklane does not respond.',
  busy: 'Tasklane is temporarily unavailable (503).',
  limited: 'You sent too many requests. Please wait a moment.'
}

/** Shows at the foot of the page, above dialogs, why calls are waiting and when they are retried. */
export function showConnection() {
  let timer
  let shownKind
  let banner
  onConnectionChange((state) => {
    clearInterval(timer)
    if (shownKind !== state?.kind || (state && !banner.isConnected)) {
      banner?.remove()
      shownKind = state?.kind
      banner = state && createBanner(state.kind)
      banner?.showPopover()
    }
    if (!state || state.kind === 'offline') {
      return
    }
    const countDown = () => {
      const seconds = Math.max(0, Math.ceil((state.until - Date.now()) / 1000))
      banner.querySelector('.countdown').textContent = `Trying again in ${seconds} s.`
    }
    countDown()
    timer = setInterval(countDown, 500)
  })
}

function createBanner(kind) {
  const banner = h(
    'div',
    { class: 'banner', popover: 'manual' },
    h('p', { role: 'alert' }, TEXTS[kind]),
    // Hidden from screen readers, which would read out every second.
    h('span', { class: 'countdown', 'aria-hidden': 'true' }),
    kind !== 'offline' && button('Try now', retryNow)
  )
  // A modal dialog makes everything outside it inert.
  const parent = document.querySelector('dialog[open]') ?? document.body
  parent.append(banner)
  return banner
}
