import { h } from '../lib/dom.js'

const ARROWS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown']

/**
 * Has things inside `root` moved by keyboard: Space picks one up, arrows say where to, Space or Enter drops it, and
 * Escape puts it back. `pick(target)` returns the one that has the focus. `start(item)`, `move(item, key)`,
 * `drop(item)` and `cancel(item)` return what is read out, by `node`.
 */
export function keyboardDragging(root, handlers) {
  let held
  const node = h('p', { class: 'visually-hidden', 'aria-live': 'assertive' })
  const say = (text) => {
    if (text) {
      node.textContent = text
    }
  }
  const end = (how) => {
    const item = held
    held = undefined
    item.classList.remove('is-held')
    say(handlers[how](item))
  }
  const pickUp = (item) => {
    held = item
    item.classList.add('is-held')
    say(handlers.start(item))
  }
  const onHeld = ({ key }) => {
    if (ARROWS.includes(key)) {
      say(handlers.move(held, key))
    } else if (key === ' ' || key === 'Enter') {
      end('drop')
    } else if (key === 'Escape' || key === 'Tab') {
      end('cancel')
    }
    return key !== 'Tab'
  }
  root.addEventListener('keydown', (event) => {
    const item = held === undefined && event.key === ' ' && handlers.pick(event.target)
    if (item) {
      pickUp(item)
    } else if (held === undefined || !onHeld(event)) {
      return
    }
    event.preventDefault()
    event.stopPropagation()
  })
  // Firefox clicks a button when Space goes up.
  root.addEventListener('keyup', (event) => {
    if (event.key === ' ' && handlers.pick(event.target)) {
      event.preventDefault()
    }
  })
  root.addEventListener('focusout', ({ relatedTarget }) => {
    if (held && relatedTarget !== null) {
      end('cancel')
    }
  })
  return { node, isHolding: () => held !== undefined, cancel: () => held && end('cancel') }
}
