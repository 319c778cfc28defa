import { onConnection, tryNow } from '../lib/connection.js'
import { h } from '../lib/dom.js'

const WORDS = {
  offline: 'You are offline. What you did is kept here and goes on when the network is back.',
  unreachable: 'Tasklane does not answer.',
  busy: 'Tasklane is there but cannot answer right now (503).',
  limited: 'That was a lot in one minute. Tasklane asks to wait a little.'
}

/** Tells at the foot of the page that calls are waiting, why, and until when; above dialogs as well. */
export function showConnection() {
  let timer
  let shown
  let bar
  onConnection((now) => {
    clearInterval(timer)
    if (shown !== now?.kind || (now && !bar.isConnected)) {
      bar?.remove()
      shown = now?.kind
      bar = now && barFor(now.kind)
      bar?.showPopover()
    }
    if (!now || now.kind === 'offline') {
      return
    }
    const count = () => {
      bar.querySelector('.countdown').textContent =
        `Trying again in ${Math.max(0, Math.ceil((now.until - Date.now()) / 1000))} s.`
    }
    count()
    timer = setInterval(count, 500)
  })
}

function barFor(kind) {
  const bar = h(
    'div',
    { class: 'banner', popover: 'manual' },
    h('p', { role: 'alert' }, WORDS[kind]),
    // The seconds are not read aloud each time.
    h('span', { class: 'countdown', 'aria-hidden': 'true' }),
    kind !== 'offline' &&
      h('button', { type: 'button', class: 'button', onclick: tryNow }, 'Try now')
  )
  // A modal dialog makes everything beside it inert.
  const place = document.querySelector('dialog[open]') ?? document.body
  place.append(bar)
  return bar
}
