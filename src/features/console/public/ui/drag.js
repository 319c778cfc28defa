const MOVED_PX = 6
/** A finger that rests so long on something picks it up; one that moves before scrolls. */
const HOLD_MS = 300
const EDGE_PX = 56
const SCROLL_PX = 12

/**
 * Has things inside `root` dragged by mouse, pen or finger. `pick(target)` returns the one that is taken, if any;
 * `over(item, x, y)` is told where it is, `drop(item)` and `cancel(item)` how it ended. `isDragging()` tells whether
 * one is under way. A finger that lets go where it has rested dragged nothing: the item gets the event `longpress`.
 */
export function dragging(root, handlers) {
  let drag
  const start = (event) => {
    const item = event.button === 0 && !drag && handlers.pick(event.target)
    if (item) {
      drag = new Drag(root, item, event, { ...handlers, done: () => (drag = undefined) })
    }
  }
  root.addEventListener('pointerdown', start)
  // Links and pictures have a drag of their own.
  root.addEventListener('dragstart', (event) => event.preventDefault())
  root.addEventListener('touchmove', (event) => drag?.isMoving && event.preventDefault(), {
    passive: false
  })
  root.addEventListener('contextmenu', (event) => drag?.isByFinger && event.preventDefault())
  return { isDragging: () => drag?.isMoving === true, cancel: () => drag?.end(false) }
}

class Drag {
  isMoving = false
  #root
  #item
  #handlers
  #pointer
  #at
  #from
  #ghost
  #holding
  #frame
  #hasMoved = false
  #listening = new AbortController()

  constructor(root, item, event, handlers) {
    this.#root = root
    this.#item = item
    this.#handlers = handlers
    this.#pointer = event.pointerId
    this.isByFinger = event.pointerType === 'touch'
    this.#from = { x: event.clientX, y: event.clientY }
    this.#at = this.#from
    const { signal } = this.#listening
    addEventListener('pointermove', (next) => this.#onMove(next), { signal })
    addEventListener('pointerup', (next) => this.#onEnd(next, true), { signal })
    addEventListener('pointercancel', (next) => this.#onEnd(next, false), { signal })
    addEventListener('keydown', (next) => this.#onKey(next), { signal, capture: true })
    if (this.isByFinger) {
      this.#holding = setTimeout(() => this.#begin(), HOLD_MS)
    }
  }

  #onMove({ pointerId, clientX: x, clientY: y }) {
    if (pointerId !== this.#pointer) {
      return
    }
    this.#at = { x, y }
    const isFar = Math.hypot(x - this.#from.x, y - this.#from.y) > MOVED_PX
    this.#hasMoved ||= isFar
    if (!this.isMoving && isFar) {
      this.isByFinger ? this.end(false) : this.#begin()
    }
    if (this.isMoving) {
      this.#show()
    }
  }

  #onEnd({ pointerId }, isDropped) {
    if (pointerId === this.#pointer) {
      this.end(isDropped)
    }
  }

  #onKey(event) {
    if (event.key === 'Escape' && this.isMoving) {
      event.preventDefault()
      event.stopPropagation()
      this.end(false)
    }
  }

  #begin() {
    this.isMoving = true
    this.#root.setPointerCapture(this.#pointer)
    this.#root.classList.add('is-dragging')
    this.#item.classList.add('is-dragged')
    this.#ghost = ghostOf(this.#item)
    this.#show()
    this.#scroll()
  }

  #show() {
    const { x, y } = this.#at
    this.#ghost.style.translate = `${x - this.#from.x}px ${y - this.#from.y}px`
    this.#handlers.over(this.#item, x, y)
  }

  /** Scrolls while the pointer is near an edge. */
  #scroll() {
    const { x, y } = this.#at
    const { left, right } = this.#root.getBoundingClientRect()
    const towards = (at, from, to) => (at < from + EDGE_PX ? -1 : Number(at > to - EDGE_PX))
    const down = towards(y, 0, innerHeight)
    const aside = towards(x, Math.max(0, left), Math.min(innerWidth, right))
    if (down !== 0) {
      scrollBy({ top: down * SCROLL_PX, behavior: 'instant' })
    }
    this.#root.scrollBy({ left: aside * SCROLL_PX, behavior: 'instant' })
    if (down !== 0 || aside !== 0) {
      this.#handlers.over(this.#item, x, y)
    }
    this.#frame = requestAnimationFrame(() => this.#scroll())
  }

  end(isDropped) {
    clearTimeout(this.#holding)
    cancelAnimationFrame(this.#frame)
    this.#listening.abort()
    this.#handlers.done()
    if (!this.isMoving) {
      return
    }
    this.isMoving = false
    this.#ghost.remove()
    this.#root.classList.remove('is-dragging')
    this.#item.classList.remove('is-dragged')
    swallowClick()
    if (this.isByFinger && !this.#hasMoved) {
      this.#handlers.cancel(this.#item)
      this.#item.dispatchEvent(new CustomEvent('longpress', { bubbles: true }))
    } else {
      isDropped ? this.#handlers.drop(this.#item) : this.#handlers.cancel(this.#item)
    }
  }
}

/** What follows the pointer: a copy that nothing can reach. */
function ghostOf(item) {
  const { left, top, width, height } = item.getBoundingClientRect()
  const ghost = item.cloneNode(true)
  ghost.classList.add('drag-ghost')
  ghost.classList.remove('is-dragged')
  ghost.removeAttribute('data-id')
  ghost.inert = true
  for (const input of ghost.querySelectorAll('input')) {
    input.remove()
  }
  Object.assign(ghost.style, {
    left: `${left}px`,
    top: `${top}px`,
    width: `${width}px`,
    height: `${height}px`
  })
  document.body.append(ghost)
  return ghost
}

/** The click that follows a drag opens nothing. */
function swallowClick() {
  const swallow = (event) => {
    event.preventDefault()
    event.stopPropagation()
  }
  addEventListener('click', swallow, { capture: true, once: true })
  setTimeout(() => removeEventListener('click', swallow, { capture: true }))
}
