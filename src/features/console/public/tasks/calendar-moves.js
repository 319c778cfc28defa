import { h, newId } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { addDays, dateOf, dueOf, dueOn, formatDate, formatDayInFull } from '../lib/time.js'
import { dragging } from '../ui/drag.js'
import { keyboardDragging } from '../ui/keyboard-drag.js'
import { toast, toastProblem } from '../ui/toast.js'
import { accessTo } from './access.js'
import { dateAt } from './calendar-grid.js'
import { dueThen, saveDue } from './calendar-month.js'

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }
const HOW = 'Arrows choose the day, Space drops it, Escape leaves it where it was.'

/**
 * Has the tasks in a calendar moved to other days, by pointer and by keyboard. `taskOf(id)` returns a task, `has(date)`
 * tells which days are shown, and `show(task)` shows one that has changed.
 */
export function dayMoves(root, { taskOf, has, show, onChange, onRefused }) {
  let date
  const mark = (next) => {
    date = next
    for (const day of root.querySelectorAll('.drop-target')) {
      day.classList.remove('drop-target')
    }
    root.querySelector(`[data-date="${next}"]`)?.classList.add('drop-target')
  }
  const taskAt = (chip) => taskOf(chip.dataset.id)
  const take = (chip) => {
    const target = date
    mark(undefined)
    if (target !== undefined) {
      moveTo(taskAt(chip), target, { show, onChange, onRefused })
    }
  }
  const pick = (target) => {
    const chip = target.closest('.chip-task')
    return chip && accessTo(taskAt(chip)) === 'edit' ? chip : undefined
  }
  const pointer = dragging(root, {
    pick,
    over: (_, x, y) => mark(dateAt(document.elementFromPoint(x, y))),
    drop: take,
    cancel: () => mark(undefined)
  })
  const keyboard = keyboardDragging(root, {
    pick,
    start: (chip) => {
      mark(dateOf(dueOf(taskAt(chip))))
      return `Picked up ${taskAt(chip).title}, ${formatDayInFull(date)}. ${HOW}`
    },
    move: (_, key) => {
      const next = addDays(date, STEPS[key])
      if (!has(next)) {
        return undefined
      }
      mark(next)
      return formatDayInFull(next)
    },
    drop: (chip) => {
      const text = `Dropped ${taskAt(chip).title} on ${formatDayInFull(date)}.`
      take(chip)
      return text
    },
    cancel: (chip) => {
      mark(undefined)
      return `${taskAt(chip).title} stays where it was.`
    }
  })
  const hint = 'Press Space to move the task to another day.'
  return {
    node: keyboard.node,
    hint: h('p', { id: newId('hint'), class: 'visually-hidden' }, hint),
    isHeld: () => pointer.isDragging() || keyboard.isHolding(),
    cancel: pointer.cancel
  }
}

/** Has a task due on another day, at the same time. Shows it at once, and takes it back if the server refuses. */
async function moveTo(task, date, { show, onChange, onRefused }) {
  const before = dueOf(task)
  if (dateOf(before) === date) {
    return
  }
  const due = dueOn(before, date)
  show(dueThen(task, due))
  try {
    const moved = await saveDue(task, due)
    show(moved)
    onChange()
    const undo = () => moveTo(moved, dateOf(before), { show, onChange, onRefused })
    toast(`“${task.title}” is due on ${formatDate(date)} now.`, { undo })
  } catch (error) {
    show(task)
    onRefused()
    if (!isAborted(error)) {
      toastProblem(refusal(task, error), error)
    }
  }
}

const refusal = ({ title }, { code }) =>
  code === 'stale_version'
    ? `“${title}” was changed in the meantime, and was not moved.`
    : `“${title}” was not moved.`
