import { cardActions } from './board-card.js'
import { rowActions } from './row.js'
import { rowShortcuts } from './row-shortcuts.js'

/**
 * How the tasks of each layout are selected. `all()` are its nodes in order, and `at(target)` is the one around an
 * element. `actionsOf(node)` are those of a row that the selection needs. `isPlain(target)` tells where a click with
 * Ctrl or Shift is meant for the task as a whole. `step(node, event)` goes on by an arrow, and returns where to.
 */

/** The rows of a list. */
export const selectableRows = (list) => {
  const all = () => [...list.querySelectorAll(':scope > .task[data-id]')]
  const focus = (row) => row?.querySelector('.task-title, button')?.focus()
  return {
    root: list,
    keys: rowShortcuts(list),
    hasLongPress: true,
    all,
    focus,
    actionsOf: rowActions,
    at: (target) => {
      const row = target?.closest('.task[data-id]')
      return row?.parentElement === list && !row.querySelector('form') ? row : undefined
    },
    isPlain: (target) => !target.closest('a, button, input, label, select'),
    step: (row, event) => {
      const offset = { ArrowDown: 1, ArrowUp: -1 }[event.key]
      const rows = all()
      const next = rows[rows.indexOf(row) + offset]
      if (!offset || (!next && !event.shiftKey)) {
        return undefined
      }
      event.preventDefault()
      focus(next)
      return next ?? row
    }
  }
}

/** The cards of a board, on which a finger that rests begins to drag. Its own keys have moved the focus before. */
export const selectableCards = (board) => {
  const at = (target) => target?.closest('.card-task') ?? undefined
  return {
    root: board,
    keys: [],
    all: () => [...board.querySelectorAll('.card-task[data-id]')],
    focus: (card) => card?.querySelector('.task-title')?.focus(),
    actionsOf: cardActions,
    at,
    isPlain: (target) => !target.closest('input'),
    step: (_, { defaultPrevented }) => (defaultPrevented ? at(document.activeElement) : undefined)
  }
}

/** The tasks of a calendar, whose nodes are made anew whenever it shows something else. */
export const selectableChips = (box, actionsOf) => ({
  root: box,
  keys: [],
  all: () => [...box.querySelectorAll('.chip-task')],
  focus: (chip) => chip?.focus(),
  actionsOf,
  at: (target) => target?.closest('.day-tasks > li')?.querySelector('.chip-task') ?? undefined,
  isPlain: (target) => !target.closest('input'),
  step: () => undefined
})
