import { h } from '../lib/dom.js'
import { toast } from '../ui/toast.js'

/**
 * Remembers which tasks of a calendar are selected, whose nodes are made anew whenever it shows something else.
 * `taskOf(id)` returns a task, `update(task)` shows a newer state of one, and `hide(id)` that it is gone.
 */
export function calendarMarks({ taskOf, update, hide }) {
  const selected = new Set()
  const paint = (chip) => {
    const isSelected = selected.has(chip.dataset.id)
    chip.classList.toggle('task-selected', isSelected)
    const box = chip.nextElementSibling
    if (box) {
      box.checked = isSelected
    }
  }
  return {
    /** The box that selects a task by mouse. By keyboard it is one of many in a day, where a key does the same. */
    box: ({ id, title }) =>
      h('input', {
        type: 'checkbox',
        class: 'select-box',
        tabindex: '-1',
        checked: selected.has(id),
        'aria-label': `Select ${title}`
      }),
    /** Marks what is shown anew. What is not shown any more is not selected either. */
    paint: (chips) => {
      const shown = new Set(chips.map(({ dataset }) => dataset.id))
      for (const id of selected) {
        shown.has(id) || selected.delete(id)
      }
      chips.forEach(paint)
    },
    actionsOf: (chip) => {
      const { id } = chip.dataset
      return {
        update,
        hide: () => hide(id),
        task: () => taskOf(id),
        isSelected: () => selected.has(id),
        select: (isSelected) => {
          isSelected ? selected.add(id) : selected.delete(id)
          paint(chip)
        },
        tell: (problem) => toast(`“${taskOf(id)?.title}”: ${problem}`)
      }
    }
  }
}
