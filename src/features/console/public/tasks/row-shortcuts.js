import { rowActions } from './row.js'

/** Returns the shortcuts that move between rows and act on the row that has the focus. */
export function rowShortcuts(list) {
  const currentRow = () => document.activeElement?.closest('.task')
  const move = (offset) => () => {
    const rows = [...list.querySelectorAll(':scope > .task')]
    const next = rows[currentRow() ? rows.indexOf(currentRow()) + offset : 0]
    next?.querySelector('a.task-title, button')?.focus()
  }
  const act = (name) => () => {
    const actions = currentRow() && rowActions(currentRow())
    return actions ? actions[name]() : false
  }
  return [
    ['j', 'Next task', move(1)],
    ['k', 'Previous task', move(-1)],
    ['d', 'Complete or reopen the task', act('toggle')],
    ['e', 'Edit the task', act('edit')],
    ['h', 'Show the history of the task', act('history')],
    ['Delete', 'Delete the task', act('remove')]
  ]
}
