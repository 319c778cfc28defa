import { onConnection, tryNow } from '../lib/connection.js'
import { h, replace } from '../lib/dom.js'

const WORDS = {
  offline: 'You are offline. What you did is kept here and goes on when the network is back.',
  unreachable: 'Tasklane does not answer.',
  busy: 'Tasklane is there but cannot answer right now (503).',
  limited: 'That was a lot in one minute. Tasklane asks to wait a little.'
}

/** Tells above the page that calls are waiting, why, and until when. */
export function showConnection () {
  const region = document.getElementById('connection')
  let timer
  let shown
  onConnection((now) => {
    clearInterval(timer)
    if (!now) { shown = undefined; region.replaceChildren(); return }
    if (shown !== now.kind) {
      shown = now.kind
      const button = h('button', { type: 'button', class: 'button', onclick: tryNow }, 'Try now')
      // The seconds are not read aloud each time.
      replace(region, h('div', { class: `banner banner-${now.kind}` }, h('p', {}, WORDS[now.kind]), h('span', { class: 'countdown', 'aria-hidden': 'true' }), now.kind !== 'offline' && button))
    }
    const count = () => {
      const text = region.querySelector('.countdown')
      if (text && now.kind !== 'offline') text.textContent = `Trying again in ${Math.max(0, Math.ceil((now.until - Date.now()) / 1000))} s.`
    }
    count()
    timer = setInterval(count, 500)
  })
}
