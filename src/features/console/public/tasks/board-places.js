import { h } from '../lib/dom.js'
import { taskOf } from './board-card.js'
import { STATUSES } from './labels.js'

/**
 * Tracks where on the board a card would be dropped, and shows it: in which `column`, and in a manual order `before`
 * which card, null for the end.
 */
export const boardPlaces = (columns, isManual) => new Places(columns, isManual)

class Places {
  #columns
  #isManual
  #mark = h('li', { class: 'drop-mark', 'aria-hidden': 'true' })
  #place
  #held

  constructor(columns, isManual) {
    this.#columns = columns
    this.#isManual = isManual
  }

  clear = () => {
    this.#mark.remove()
    for (const { node } of this.#columns) {
      node.classList.remove('drop-target')
    }
    this.#place = undefined
  }

  /** Returns the place and forgets it. */
  take = () => {
    const taken = this.#place
    this.clear()
    return taken
  }

  #show(card, column, before) {
    this.clear()
    this.#held = card
    this.#place = { column, before }
    column.node.classList.add('drop-target')
    if (this.#isManual()) {
      column.list.insertBefore(this.#mark, before)
    }
  }

  /** The place below the pointer. */
  over = (card, x, y) => {
    const column = this.#columns.find(({ node }) => {
      const { left, right } = node.getBoundingClientRect()
      return x >= left && x <= right
    })
    if (column) {
      const isBelow = (one) => {
        const { top, height } = one.getBoundingClientRect()
        return one !== card && y < top + height / 2
      }
      this.#show(card, column, cardsIn(column).find(isBelow) ?? null)
    }
  }

  start = (card) => {
    const column = this.#columns.find(({ status }) => status === taskOf(card).status)
    this.#show(card, column, card.nextElementSibling)
    return this.describe()
  }

  /** The place that an arrow leads to. */
  step = (card, key) => {
    const { column, before } = this.#place
    const at = this.#columns.indexOf(column)
    const next = this.#columns[at + ({ ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0)]
    const index = this.#indexOf(column, before) + ({ ArrowUp: -1, ArrowDown: 1 }[key] ?? 0)
    if (next === undefined || index < 0 || (!this.#isManual() && next === column)) {
      return undefined
    }
    this.#show(card, next, this.#others(next)[index] ?? null)
    for (const node of [next.node, this.#mark]) {
      node.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' })
    }
    return this.describe()
  }

  describe = () => {
    const { column, before } = this.#place
    const name = STATUSES[column.status]
    const at = this.#indexOf(column, before) + 1
    return this.#isManual()
      ? `${name}, place ${at} of ${this.#others(column).length + 1}.`
      : `${name}.`
  }

  #others(column) {
    return cardsIn(column).filter((card) => card !== this.#held)
  }

  #indexOf(column, before) {
    const cards = this.#others(column)
    return before ? cards.indexOf(before) : cards.length
  }
}

const cardsIn = ({ list }) => [...list.querySelectorAll('.card-task')]

/** Moves the focus between cards by arrows. */
export const boardKeys = (columns) => (event) => {
  const card = event.target.closest('.card-task')
  const step = STEPS[event.key]
  if (!card || !step || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) {
    return
  }
  event.preventDefault()
  const at = columns.findIndex(({ list }) => list.contains(card))
  const index = cardsIn(columns[at]).indexOf(card)
  const [aside, down] = step
  const cards = cardsIn(columns[at + aside] ?? columns[at])
  const next = cards[Math.min(index + down, cards.length - 1)]
  next?.querySelector('.task-title').focus()
}

const STEPS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1]
}
