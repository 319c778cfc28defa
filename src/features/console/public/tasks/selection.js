import { h } from '../lib/dom.js'
import { onTakenBack } from '../lib/undo.js'
import { toast } from '../ui/toast.js'
import { selectionBar } from './selection-bar.js'

/** As many as a batch takes. */
const MAX_SELECTED = 100
const LONG_PRESS_MS = 500
const MOVED_PX = 10

/**
 * Lets the tasks of a view be selected: by their boxes, by Ctrl or Shift and a click, by a long press, and by the
 * keyboard. While some are selected, a bar offers what can be done with all of them. `onChange()` is called then.
 * `tasks` says how those of the view are found (`selectable.js`).
 */
export function withSelection(view, { tasks, onChange }) {
  const selection = new Selection(tasks, onChange)
  return {
    ...view,
    node: h('div', {}, view.node, selection.node),
    keys: [
      ['x', 'Select the task; Shift and arrows select more', selection.toggleCurrent],
      ...tasks.keys,
      ...(view.keys ?? [])
    ],
    stop: () => {
      selection.stop()
      view.stop()
    }
  }
}

class Selection {
  #tasks
  #anchor
  #bar
  #press
  #observer
  #stopListening
  #onChange

  constructor(tasks, onChange) {
    this.#tasks = tasks
    this.#onChange = onChange
    this.#bar = selectionBar({ run: (action) => this.#run(action), clear: this.#clear })
    this.node = this.#bar.node
    const { root } = tasks
    // Before the task itself is told, which would open.
    root.addEventListener('click', this.#onClick, { capture: true })
    root.addEventListener('keydown', this.#onKey)
    document.addEventListener('keydown', this.#onEscape)
    root.addEventListener('pointerdown', this.#onPress)
    root.addEventListener('longpress', ({ target }) => this.#toggle(tasks.at(target)))
    for (const type of ['pointerup', 'pointercancel', 'pointermove']) {
      root.addEventListener(type, this.#endPress)
    }
    root.addEventListener('contextmenu', (event) => {
      if (event.pointerType === 'touch') {
        event.preventDefault()
      }
    })
    // Tasks come and go while others work on the same ones.
    this.#observer = new MutationObserver(() => this.#show())
    this.#observer.observe(root, { childList: true, subtree: true })
    this.#stopListening = onTakenBack(this.#update)
    this.#show()
  }

  /** Selects the task that has the focus, or not any more. Returns false where none has it. */
  toggleCurrent = () => {
    const node = this.#tasks.at(document.activeElement)
    return node !== undefined && this.#toggle(node)
  }

  stop = () => {
    clearTimeout(this.#press?.timer)
    this.#observer.disconnect()
    this.#stopListening()
    document.removeEventListener('keydown', this.#onEscape)
  }

  #isSelected = (node) => this.#tasks.actionsOf(node)?.isSelected() === true
  #selected = () => this.#tasks.all().filter(this.#isSelected)
  #mark = (node, isSelected) => this.#tasks.actionsOf(node).select(isSelected)

  #update = (tasks) => {
    for (const task of tasks) {
      const node = this.#tasks.all().find((one) => one.dataset.id === task.id)
      node && this.#tasks.actionsOf(node)?.update(task)
    }
  }

  #toggle(node) {
    this.#select(node, !this.#isSelected(node))
    return true
  }

  #select(node, isSelected) {
    if (isSelected && !this.#isSelected(node) && this.#selected().length >= MAX_SELECTED) {
      toast(`Up to ${MAX_SELECTED} tasks can be selected at once.`)
      this.#mark(node, false)
    } else {
      this.#mark(node, isSelected)
    }
    this.#anchor = this.#tasks.actionsOf(node).task().id
    this.#show()
  }

  /** Selects all tasks from the last one that was chosen to this one. */
  #selectTo(node) {
    const all = this.#tasks.all()
    const from = all.findIndex((one) => one.dataset.id === this.#anchor)
    const to = all.indexOf(node)
    const range = from < 0 ? [node] : all.slice(Math.min(from, to), Math.max(from, to) + 1)
    const free = MAX_SELECTED - this.#selected().length
    const fresh = range.filter((one) => !this.#isSelected(one))
    for (const one of fresh.slice(0, free)) {
      this.#mark(one, true)
    }
    if (fresh.length > free) {
      toast(`Up to ${MAX_SELECTED} tasks can be selected at once.`)
    }
    // A box that was clicked shows what the click made of it.
    this.#mark(node, this.#isSelected(node))
    this.#show()
  }

  #clear = () => {
    const hadFocus = this.#bar.hasFocus()
    for (const node of this.#selected()) {
      this.#mark(node, false)
    }
    if (hadFocus) {
      const all = this.#tasks.all()
      this.#tasks.focus(all.find((one) => one.dataset.id === this.#anchor) ?? all[0])
    }
    this.#show()
  }

  #show() {
    const count = this.#selected().length
    this.#tasks.root.classList.toggle('tasks-selecting', count > 0)
    this.#bar.show(count)
  }

  #onClick = (event) => {
    const node = this.#tasks.at(event.target)
    if (node === undefined) {
      return
    }
    const isBox = event.target.matches('.select-box')
    if (this.#press?.isLong) {
      // The click that ends a long press is not meant for the link under the finger.
      event.preventDefault()
      this.#press.isLong = false
    } else if (isBox) {
      event.stopPropagation()
      event.shiftKey ? this.#selectTo(node) : this.#select(node, event.target.checked)
    } else if (this.#tasks.isPlain(event.target) && this.#isMeant(event)) {
      event.preventDefault()
      event.stopPropagation()
      this.#onMeant(node, event)
    }
  }

  #isMeant({ ctrlKey, metaKey, shiftKey }) {
    const isSelecting = this.#tasks.root.classList.contains('tasks-selecting')
    return ctrlKey || metaKey || shiftKey || (isSelecting && this.#press?.isTouch)
  }

  #onMeant(node, { shiftKey }) {
    if (shiftKey) {
      getSelection().removeAllRanges()
      this.#selectTo(node)
    } else {
      this.#toggle(node)
    }
  }

  /** Arrows go from task to task; with Shift they select on the way. */
  #onKey = (event) => {
    const node = this.#tasks.at(event.target)
    const isArrow = event.key.startsWith('Arrow')
    const next = node && isArrow ? this.#tasks.step(node, event) : undefined
    if (next && event.shiftKey) {
      this.#select(node, true)
      this.#select(next, true)
    }
  }

  #onEscape = (event) => {
    const isElsewhere = event.defaultPrevented || document.querySelector('dialog[open]')
    if (event.key === 'Escape' && !isElsewhere && this.#selected().length > 0) {
      if (!event.target.closest('input:not([type=checkbox]), textarea, form')) {
        this.#clear()
      }
    }
  }

  #onPress = ({ pointerType, target, clientX, clientY }) => {
    clearTimeout(this.#press?.timer)
    const { at, hasLongPress } = this.#tasks
    const node = at(target)
    this.#press = { isTouch: pointerType === 'touch', x: clientX, y: clientY }
    if (hasLongPress && this.#press.isTouch && node && !target.closest('form, input, button')) {
      this.#press.timer = setTimeout(() => this.#onLongPress(node), LONG_PRESS_MS)
    }
  }

  #onLongPress(node) {
    this.#press.isLong = true
    this.#toggle(node)
  }

  #endPress = ({ type, clientX, clientY }) => {
    const { x, y, timer } = this.#press ?? {}
    if (type !== 'pointermove' || Math.hypot(clientX - x, clientY - y) > MOVED_PX) {
      clearTimeout(timer)
    }
  }

  /** Runs an action on all selected tasks. What was done is not selected any more; the rest says why. */
  async #run(run) {
    const { actionsOf, all, focus } = this.#tasks
    const nodes = this.#selected().map((node) => [node, actionsOf(node)])
    const outcome = await run(nodes.map(([, actions]) => actions.task()))
    if (outcome === undefined) {
      return
    }
    const hadFocus = this.#bar.hasFocus()
    for (const [node, actions] of nodes) {
      showOutcome(node, actions, outcome.get(actions.task().id) ?? {})
    }
    this.#show()
    if (hadFocus && this.#selected().length === 0) {
      focus(all()[0])
    }
    this.#onChange()
  }
}

function showOutcome(node, { select, tell, hide, update }, { task, isGone, problem }) {
  if (problem) {
    tell(problem)
    return
  }
  select(false)
  if (isGone) {
    hide ? hide() : node.remove()
  } else if (task) {
    update(task)
  }
}
