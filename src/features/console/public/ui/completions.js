import { debounce, h, newId, replace } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'

const SEARCH_DELAY_MS = 120
const MAX_OPTIONS = 8

/**
 * Offers completions beneath a text control for words that begin with a sign. `sources` has for each sign a function
 * `(text, signal)` that finds options, `{ label, detail, insert }`; `onInsert(option, sign)` learns which was chosen.
 * Returns the node that holds the control.
 */
export const completions = (control, sources, { onInsert = () => {} } = {}) =>
  new Completions(control, sources, onInsert).node

class Completions {
  #control
  #sources
  #onInsert
  #wordAtCaret
  #list = h('ul', {
    class: 'options',
    role: 'listbox',
    id: newId('options'),
    'aria-label': 'Suggestions'
  })
  #status = h('p', { class: 'visually-hidden', role: 'status' })
  #popup = h('div', { class: 'options-popup', hidden: true }, this.#list)
  #options = []
  #active = -1
  #word
  #search = new AbortController()

  constructor(control, sources, onInsert) {
    const signs = Object.keys(sources).join('')
    this.#wordAtCaret = new RegExp(`(?:^|\\s)([${signs}])([^\\s${signs}]{0,60})$`)
    this.#control = control
    this.#sources = sources
    this.#onInsert = onInsert
    this.node = h('div', { class: 'completed' }, control, this.#popup, this.#status)
    const find = debounce(() => this.#find(), SEARCH_DELAY_MS)
    control.setAttribute('aria-autocomplete', 'list')
    control.setAttribute('aria-controls', this.#list.id)
    control.addEventListener('input', (event) => {
      if (event.isTrusted) {
        this.#narrow()
        find()
      }
    })
    control.addEventListener('blur', () => this.#close())
    control.addEventListener('keydown', (event) => this.#onKey(event))
    this.#popup.addEventListener('mousedown', (event) => event.preventDefault())
  }

  /** Returns the sign and the text of the word that is being typed, if it has a sign. */
  #typed() {
    const before = this.#control.value.slice(0, this.#control.selectionEnd)
    const [, sign, text] = this.#wordAtCaret.exec(before) ?? []
    return { sign, text }
  }

  /** Until the next ones are found, only those are offered that what is typed can mean: Enter takes no other. */
  #narrow() {
    if (!this.#popup.hidden) {
      const typed = this.#typed().text?.toLowerCase()
      const fits = ({ label, detail }) => `${label} ${detail ?? ''}`.toLowerCase().includes(typed)
      this.#show(this.#options.filter(fits))
    }
  }

  async #find() {
    const caret = this.#control.selectionEnd
    const { sign, text } = this.#typed()
    if (sign === undefined || document.activeElement !== this.#control) {
      this.#close()
      return
    }
    this.#search.abort()
    this.#search = new AbortController()
    const { signal } = this.#search
    this.#word = { sign, start: caret - text.length - 1 }
    try {
      const found = await this.#sources[sign](text, signal)
      if (!signal.aborted) {
        this.#show(found)
      }
    } catch (error) {
      // Without suggestions one can still type.
      if (!signal.aborted && !isAborted(error)) {
        this.#close()
      }
    }
  }

  #show(found) {
    this.#options = found.slice(0, MAX_OPTIONS)
    if (this.#options.length === 0) {
      this.#close()
      return
    }
    const nodes = this.#options.map((option) => this.#optionNode(option))
    replace(this.#list, nodes)
    this.#popup.hidden = false
    this.#activate(0)
    this.#status.textContent = `${nodes.length} suggestions. Enter takes one.`
  }

  #optionNode(option) {
    const { label, detail } = option
    const onclick = () => this.#choose(option)
    return h(
      'li',
      { role: 'option', id: newId('option'), 'aria-selected': 'false', onclick },
      h('span', {}, label),
      detail && h('span', { class: 'muted' }, ' ', detail)
    )
  }

  #activate(index) {
    const nodes = [...this.#list.children]
    nodes[this.#active]?.setAttribute('aria-selected', 'false')
    this.#active = index
    nodes[index].setAttribute('aria-selected', 'true')
    nodes[index].scrollIntoView({ block: 'nearest' })
    this.#control.setAttribute('aria-activedescendant', nodes[index].id)
  }

  #choose(option) {
    const { start, sign } = this.#word
    const control = this.#control
    const end = control.selectionEnd
    this.#close()
    control.setRangeText(`${sign}${option.insert} `, start, end, 'end')
    this.#onInsert(option, sign)
    control.dispatchEvent(new Event('input', { bubbles: true }))
  }

  #close() {
    this.#search.abort()
    this.#popup.hidden = true
    this.#active = -1
    this.#word = undefined
    this.#status.textContent = ''
    this.#control.removeAttribute('aria-activedescendant')
  }

  #onKey(event) {
    if (this.#popup.hidden) {
      return
    }
    const count = this.#options.length
    const offset = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (offset !== undefined) {
      this.#activate((this.#active + offset + count) % count)
    } else if (['Enter', 'Tab'].includes(event.key) && !event.ctrlKey && !event.metaKey) {
      this.#choose(this.#options[this.#active])
    } else if (event.key === 'Escape') {
      this.#close()
    } else {
      return
    }
    // The key means neither the form nor the dialog around the control.
    event.preventDefault()
    event.stopImmediatePropagation()
  }
}

/** Returns an option for a person. */
export const personOption = ({ id, display_name, username }) => ({
  id,
  label: display_name,
  detail: username === display_name ? null : username,
  insert: username ?? display_name
})
