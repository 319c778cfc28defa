import { debounce, h, newId, replace } from '../lib/dom.js'
import { isLoggedIn } from '../lib/session.js'
import { iconButton } from './button.js'
import { icon } from './icons.js'
import { keepCaret } from './keep-caret.js'

const SEARCH_DELAY_MS = 120
const isMac = /Mac|iP(hone|ad)/.test(navigator.platform)
/** The keys that open the palette, as they are called here. */
export const PALETTE_KEYS = isMac ? '⌘ K' : 'Ctrl K'

/**
 * Finds commands for what was typed: a function of the text that returns groups, `{ title, commands }` of `{ label,
 * detail, picture, keys, run }`, and perhaps `more(signal)` for those that have to be loaded.
 */
let find = () => ({ groups: [] })
export const setCommands = (finder) => {
  find = finder
}

let palette

addEventListener('keydown', (event) => {
  const isPaletteKey = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey
  if (isPaletteKey && event.key.toLowerCase() === 'k' && isLoggedIn()) {
    event.preventDefault()
    openPalette()
  }
})

/** Opens the palette, or closes it. Another dialog has to be finished first. */
export function openPalette() {
  if (palette?.isOpen) {
    palette.close()
  } else if (document.querySelector('dialog[open]') === null) {
    palette = new Palette()
  }
}

/** A button that opens the palette. */
export const paletteButton = () =>
  iconButton('search', 'Command palette', openPalette, {
    kind: 'palette-button',
    title: `Command palette (${PALETTE_KEYS})`,
    'aria-keyshortcuts': isMac ? 'Meta+K' : 'Control+K'
  })

class Palette {
  #commands = []
  #active = -1
  #search = new AbortController()
  #list = h('div', {
    class: 'palette-list',
    role: 'listbox',
    id: newId('commands'),
    'aria-label': 'Commands'
  })
  #none = h('p', { class: 'palette-none', hidden: true }, 'Nothing found.')
  #status = h('p', { class: 'visually-hidden', role: 'status' })
  #input = h('input', {
    class: 'palette-input',
    type: 'text',
    role: 'combobox',
    placeholder: 'Search tasks, or type a command',
    'aria-label': 'Search tasks, projects, pages and commands',
    'aria-controls': this.#list.id,
    'aria-expanded': 'true',
    'aria-autocomplete': 'list',
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false'
  })
  #dialog = h(
    'dialog',
    { class: 'palette', 'aria-label': 'Command palette' },
    h('div', { class: 'palette-head' }, icon('search'), this.#input, closeButton(this)),
    this.#list,
    this.#none,
    this.#status
  )

  constructor() {
    const restoreCaret = keepCaret()
    const load = debounce((text, more) => this.#load(text, more), SEARCH_DELAY_MS)
    this.#input.addEventListener('input', () => this.#find(load))
    this.#input.addEventListener('keydown', (event) => this.#onKey(event))
    // The input keeps the focus, so that the keyboard works on.
    this.#list.addEventListener('mousedown', (event) => event.preventDefault())
    this.#dialog.addEventListener('click', ({ target }) => target === this.#dialog && this.close())
    this.#dialog.addEventListener('close', () => {
      this.#search.abort()
      this.#dialog.remove()
      restoreCaret()
    })
    document.body.append(this.#dialog)
    this.#dialog.showModal()
    this.#input.focus()
    this.#find(load)
  }

  get isOpen() {
    return this.#dialog.open
  }

  close() {
    this.#dialog.close()
  }

  #find(load) {
    const text = this.#input.value.trim()
    this.#search.abort()
    this.#search = new AbortController()
    const { groups, more } = find(text)
    this.#show(groups, { isComplete: more === undefined })
    if (more) {
      load(text, () => more(this.#search.signal))
    }
  }

  /** Loads what has to be loaded, and shows it unless something else was typed meanwhile. */
  async #load(text, more) {
    const { signal } = this.#search
    const isCurrent = () => !signal.aborted && this.#input.value.trim() === text
    if (isCurrent()) {
      const found = await more()
      if (isCurrent()) {
        this.#show([...find(text).groups, ...found], { isComplete: true })
      }
    }
  }

  #show(groups, { isComplete }) {
    const shown = groups.filter(({ commands }) => commands.length > 0)
    const chosen = this.#commands[this.#active]?.label
    this.#commands = shown.flatMap(({ commands }) => commands)
    replace(this.#list, ...shown.map((group) => this.#groupNode(group)))
    const count = this.#commands.length
    this.#none.hidden = !isComplete || count > 0
    this.#status.textContent = isComplete ? resultCount(count) : ''
    const at = this.#commands.findIndex(({ label }) => label === chosen)
    this.#activate(isComplete && at > 0 ? at : 0)
  }

  #groupNode({ title, commands }) {
    const id = newId('group')
    return h(
      'div',
      { role: 'group', 'aria-labelledby': id },
      h('p', { class: 'palette-title', id, role: 'presentation' }, title),
      commands.map((command) => this.#optionNode(command))
    )
  }

  #optionNode(command) {
    const { label, detail, picture, keys } = command
    return h(
      'div',
      {
        class: 'palette-option',
        role: 'option',
        id: newId('command'),
        'aria-selected': 'false',
        onclick: () => this.#run(command),
        onpointermove: ({ currentTarget }) =>
          this.#activate(this.#options().indexOf(currentTarget), { isPointer: true })
      },
      typeof picture === 'string' ? icon(picture) : picture,
      h('span', { class: 'palette-label' }, label),
      detail && h('span', { class: 'muted palette-detail' }, detail),
      keys && h('kbd', { 'aria-hidden': 'true' }, keys)
    )
  }

  #options = () => [...this.#list.querySelectorAll('[role=option]')]

  #activate(index, { isPointer = false } = {}) {
    const options = this.#options()
    for (const option of this.#list.querySelectorAll('[aria-selected=true]')) {
      option.setAttribute('aria-selected', 'false')
    }
    this.#active = options.length === 0 ? -1 : (index + options.length) % options.length
    const option = options[this.#active]
    option?.setAttribute('aria-selected', 'true')
    if (!isPointer) {
      option?.scrollIntoView({ block: 'nearest' })
    }
    if (option) {
      this.#input.setAttribute('aria-activedescendant', option.id)
    } else {
      this.#input.removeAttribute('aria-activedescendant')
    }
  }

  #onKey(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 }
    if (steps[event.key]) {
      event.preventDefault()
      this.#activate(this.#active + steps[event.key])
    } else if (event.key === 'Enter') {
      event.preventDefault()
      this.#run(this.#commands[this.#active])
    }
  }

  /** The focus is back where it was before the command runs, since it may be about that place. */
  #run(command) {
    if (command) {
      this.close()
      command.run()
    }
  }
}

const closeButton = (palette) => iconButton('close', 'Close', () => palette.close())

const resultCount = (count) => {
  if (count === 0) {
    return 'Nothing found.'
  }
  return count === 1 ? '1 result.' : `${count} results.`
}
