import { keepingFocus } from './keep-focus.js'
import { patchRows } from './patch-rows.js'

/** Shows items as the rows of a list, with the options of `infiniteList`. */
export const rowsOf = (list, options) => new Rows(list, options)

class Rows {
  hasDeferred = false
  #list
  #options
  /** What each row shows. */
  #shown = new WeakMap()

  constructor(list, { row, keep = () => false, idOf = ({ id }) => id, update }) {
    this.#list = list
    const replaceRow = (node, item) => this.#replaced(node, item)
    this.#options = { row, keep, idOf, update: update ?? replaceRow }
  }

  clear() {
    const { keep } = this.#options
    this.#list.replaceChildren(...[...this.#list.children].filter(keep))
  }

  /** Adds the rows of items at the end. A row that was added from outside is one of them. */
  add(items) {
    const { idOf } = this.#options
    const present = new Set([...this.#list.children].flatMap(({ dataset }) => dataset.id ?? []))
    const added = items.filter((item) => !present.has(idOf(item)))
    this.#list.append(...added.map((item) => this.#create(item)))
  }

  /** Shows exactly these items, and behind them what was there if it `keepsRest`, with as little change as possible. */
  show(items, { keepsRest }) {
    const { keep, idOf } = this.#options
    this.hasDeferred = false
    const present = new Map([...this.#list.children].map((node) => [node.dataset.id, node]))
    const wanted = items.map((item) => this.#fresh(present.get(idOf(item)), item))
    if (keepsRest) {
      const nodes = [...this.#list.children]
      const last = nodes.findLastIndex((node) => wanted.includes(node))
      wanted.push(...nodes.slice(last + 1))
    }
    patchRows(this.#list, wanted, keep)
  }

  /** Returns the row of an item as it is now, changed only if it shows something else. */
  #fresh(node, item) {
    const { keep, update } = this.#options
    if (node === undefined) {
      return this.#create(item)
    }
    if (keep(node) || this.#shown.get(node) === JSON.stringify(item)) {
      return node
    }
    const fresh = update(node, item)
    if (fresh === undefined) {
      this.hasDeferred = true
      return node
    }
    this.#shown.set(fresh, JSON.stringify(item))
    return fresh
  }

  #create(item) {
    const node = this.#options.row(item)
    this.#shown.set(node, JSON.stringify(item))
    return node
  }

  /** Puts a new row in the place of one, unless something is being chosen or saved in it. */
  #replaced(node, item) {
    if (node.matches('[aria-busy=true], :has(:is(input, select, textarea):focus)')) {
      return undefined
    }
    const fresh = this.#options.row(item)
    keepingFocus(node, fresh, () => node.replaceWith(fresh))
    return fresh
  }
}
