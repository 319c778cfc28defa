import { h } from '../lib/dom.js'

/** Marks a row as selected, by a box unless it is not `isSelectable`, and with what went wrong with its task. */
export function createMark(row, { isSelectable = true }) {
  let isSelected = false
  let problem = ''
  const select = (next) => {
    isSelected = next
    tell('')
    row.classList.toggle('task-selected', isSelected)
    const box = row.querySelector('.select-box')
    if (box) {
      box.checked = isSelected
    }
  }
  const tell = (text) => {
    problem = text
    row.querySelector('.task-problem')?.remove()
    if (problem) {
      const main = row.querySelector('.task-main') ?? row
      main.append(h('p', { class: 'task-problem', role: 'alert' }, text))
    }
  }
  return {
    actions: { select, tell, isSelected: () => isSelected },
    /** Writes the marks again into a row that was made anew. */
    show: ({ title }) => {
      if (isSelectable) {
        row.prepend(
          h('input', {
            type: 'checkbox',
            class: 'select-box',
            checked: isSelected,
            'aria-label': `Select ${title}`
          })
        )
        row.classList.toggle('task-selected', isSelected)
        tell(problem)
      }
    }
  }
}
