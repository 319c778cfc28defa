import { debounce, h, newId, replace } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'

const SEARCH_DELAY_MS = 200

/**
 * Creates an input with a list of options beneath (ARIA combobox). `load(text, signal)` finds the options, `{ value,
 * label, detail }`, and a note; `onChoose(option)` gets the one that the user chooses, `onLeave(text)` what is in the
 * input when the user goes on. Unless it `takesText` as it is, the first option found is chosen by Enter and Tab.
 */
export const combobox = (options) => new Combobox(options)

class Combobox {
  #load
  #onChoose
  #options = []
  #active = -1
  #search = new AbortController()
  #isLoading = false
  #takesText
  #list = h('ul', {
    class: 'options',
    role: 'listbox',
    id: newId('options'),
    'aria-label': 'Choices'
  })
  #note = h('p', { class: 'options-note', 'aria-hidden': 'true' })
  #status = h('p', { class: 'visually-hidden', role: 'status' })
  #popup = h('div', { class: 'options-popup', hidden: true }, this.#list, this.#note)

  constructor({ load, onChoose, onLeave, takesText = false, ...attributes }) {
    this.#load = load
    this.#takesText = takesText
    this.#onChoose = onChoose
    this.input = comboboxInput(this.#list.id, attributes)
    this.node = h('div', { class: 'combobox' }, this.input, this.#popup, this.#status)
    const search = debounce(() => this.#find(this.input.value.trim()), SEARCH_DELAY_MS)
    this.input.addEventListener('input', () => {
      this.#isLoading = true
      search()
    })
    this.input.addEventListener('focus', () => this.input.select())
    this.input.addEventListener('click', () => this.#open())
    this.input.addEventListener('keydown', (event) => this.#onKey(event))
    this.input.addEventListener('blur', () => {
      onLeave(this.input.value.trim())
      this.#close()
    })
    // The input keeps the focus, so that the keyboard works on.
    this.#popup.addEventListener('mousedown', (event) => event.preventDefault())
  }

  get #isOpen() {
    return !this.#popup.hidden
  }

  #open() {
    if (!this.#isOpen) {
      this.#find('')
    }
  }

  #close() {
    this.#search.abort()
    this.#isLoading = false
    this.#popup.hidden = true
    this.#active = -1
    this.input.setAttribute('aria-expanded', 'false')
    this.input.removeAttribute('aria-activedescendant')
  }

  async #find(text) {
    if (document.activeElement !== this.input) {
      return
    }
    this.#search.abort()
    this.#search = new AbortController()
    const { signal } = this.#search
    this.#isLoading = true
    if (!this.#isOpen) {
      this.#show([], 'Loading…')
    }
    try {
      const { options, note = '' } = await this.#load(text, signal)
      if (!signal.aborted) {
        this.#isLoading = false
        this.#show(options, note)
        this.#activate(text === '' || this.#takesText || options.length === 0 ? -1 : 0)
      }
    } catch (error) {
      if (!signal.aborted && !isAborted(error)) {
        this.#isLoading = false
        this.#show([], `Nothing could be loaded. ${error.message}`)
      }
    }
  }

  #show(options, note) {
    this.#options = options
    this.#active = -1
    this.input.removeAttribute('aria-activedescendant')
    replace(this.#list, ...options.map((option) => this.#optionNode(option)))
    this.#list.hidden = options.length === 0
    this.#note.textContent = note
    this.#note.hidden = note === ''
    this.#status.textContent = [options.length > 0 && `${options.length} found.`, note]
      .filter(Boolean)
      .join(' ')
    this.#popup.hidden = false
    this.input.setAttribute('aria-expanded', 'true')
    this.#popup.scrollIntoView({ block: 'nearest' })
  }

  #optionNode(option) {
    const { label, detail } = option
    return h(
      'li',
      {
        role: 'option',
        id: newId('option'),
        'aria-selected': 'false',
        onclick: () => this.#choose(option)
      },
      h('span', {}, label),
      detail && h('span', { class: 'muted' }, ' ', detail)
    )
  }

  #activate(index) {
    const nodes = [...this.#list.children]
    nodes[this.#active]?.setAttribute('aria-selected', 'false')
    this.#active = index
    nodes[index]?.setAttribute('aria-selected', 'true')
    nodes[index]?.scrollIntoView({ block: 'nearest' })
    if (nodes[index]) {
      this.input.setAttribute('aria-activedescendant', nodes[index].id)
    } else {
      this.input.removeAttribute('aria-activedescendant')
    }
  }

  #choose(option) {
    this.input.value = option.label
    this.#close()
    this.#onChoose(option)
    this.input.select()
  }

  #onKey(event) {
    const offset = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (offset !== undefined) {
      event.preventDefault()
      this.#move(offset)
    } else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      this.#onEnter(event)
    } else if (event.key === 'Tab' && this.#options[this.#active]) {
      this.#choose(this.#options[this.#active])
    } else if (event.key === 'Escape' && this.#isOpen) {
      // Only the list closes, not the form or the dialog around it.
      event.preventDefault()
      event.stopPropagation()
      this.#close()
    }
  }

  #move(offset) {
    const count = this.#options.length
    if (!this.#isOpen) {
      this.#open()
    } else if (count > 0) {
      const from = this.#active === -1 && offset === -1 ? count : this.#active
      this.#activate((from + offset + count) % count)
    }
  }

  /** Enter chooses, and submits a form only where there is nothing to choose. */
  #onEnter(event) {
    if (this.#isOpen && this.#options[this.#active]) {
      event.preventDefault()
      this.#choose(this.#options[this.#active])
    } else if (this.#isLoading) {
      event.preventDefault()
    }
  }
}

const comboboxInput = (listId, attributes) =>
  h('input', {
    type: 'text',
    class: 'input',
    role: 'combobox',
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    maxlength: '100',
    'aria-autocomplete': 'list',
    'aria-expanded': 'false',
    'aria-controls': listId,
    ...attributes
  })
