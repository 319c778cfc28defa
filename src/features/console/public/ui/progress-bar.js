import { h } from '../lib/dom.js'

/** A labelled progress bar. `set(share, text)` moves it to a share from 0 to 1. */
export function progressBar(label) {
  const bar = h('progress', { max: '1', value: 0, 'aria-label': label })
  const status = h('span', { class: 'muted' })
  return {
    node: h('div', { class: 'progress' }, h('span', {}, label), bar, status),
    set: (share, text) => {
      bar.value = share
      status.textContent = text
    }
  }
}
