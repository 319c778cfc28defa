import { h, newId, replace } from '../lib/dom.js'
import { weekdaysOf } from '../lib/month.js'
import { knownProject } from '../lib/projects.js'
import {
  dateFromToday,
  dueOf,
  formatClock,
  formatDayInFull,
  isDate,
  isOverdue
} from '../lib/time.js'
import { projectDot } from '../ui/project-dot.js'

const narrow = matchMedia('(max-width: 40rem)')
/** How many tasks a day shows; the others are behind a button. */
const maxShown = () => (narrow.matches ? 2 : 3)

/**
 * Creates the table of a month. `show(days)` writes the tasks of each day, a map of dates to tasks; `openDay(date)` and
 * `openTask(task)` are called for what is chosen, `turn(months)` for the month before or after. `marks.box(task)` is
 * the box that selects a task.
 */
export function calendarGrid(weeks, { month, active, labelledBy, hintId, ...handlers }) {
  const cells = new Map(weeks.flat().map((date) => [date, dayCell(date, month, handlers)]))
  const grid = h(
    'table',
    { class: 'calendar', role: 'grid', 'aria-labelledby': labelledBy },
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        weekdaysOf(weeks[0]).map(([short, long]) =>
          h('th', { scope: 'col', 'aria-label': long }, short)
        )
      )
    ),
    h(
      'tbody',
      {},
      weeks.map((week) =>
        h(
          'tr',
          {},
          week.map((date) => cells.get(date).node)
        )
      )
    )
  )
  const activate = (date) => {
    for (const [one, cell] of cells) {
      cell.setActive(one === date)
    }
  }
  activate(active)
  grid.addEventListener('focusin', ({ target }) => activate(dateAt(target)))
  return {
    node: grid,
    focusDay: (date) => cells.get(date)?.button.focus(),
    has: (date) => cells.has(date),
    show: (days) =>
      keepingFocus(grid, () => {
        for (const [date, cell] of cells) {
          cell.show(days.get(date) ?? [], hintId)
        }
      })
  }
}

export const dateAt = (node) => node?.closest('[data-date]')?.dataset.date

function dayCell(date, month, { openDay, openTask, marks }) {
  const name = newId('day')
  const number = h('span', { 'aria-hidden': 'true' }, String(Number(date.slice(8))))
  const count = h('span', { class: 'visually-hidden' })
  const open = () => openDay(date)
  const isToday = date === dateFromToday(0)
  const button = h(
    'button',
    { type: 'button', class: 'day-number', id: name, onclick: open },
    number,
    h('span', { class: 'visually-hidden' }, formatDayInFull(date)),
    count
  )
  const list = h('ul', { class: 'day-tasks' })
  const isOther = !date.startsWith(month)
  const node = h(
    'td',
    {
      role: 'gridcell',
      class: ['day', isOther && 'day-other', isToday && 'day-today'].filter(Boolean).join(' '),
      'data-date': date,
      'aria-current': isToday ? 'date' : undefined,
      // Only the mouse needs the whole cell: the keyboard has the number.
      onclick: ({ target }) => target.closest('button') ?? open()
    },
    button,
    list
  )
  let isActive = false
  const setActive = (active) => {
    isActive = active
    for (const one of node.querySelectorAll('button')) {
      one.tabIndex = active ? 0 : -1
    }
  }
  let shownNow
  const show = (tasks, hintId) => {
    // What is the same stays as it is, even while the pointer is down on it.
    const key = JSON.stringify([tasks, tasks.map(isOverdue), maxShown()])
    if (key === shownNow) {
      return
    }
    shownNow = key
    count.textContent = tasks.length === 0 ? '' : `, ${tasks.length} ${noun(tasks.length)}`
    const shown = tasks.length > maxShown() ? tasks.slice(0, maxShown() - 1) : tasks
    const rest = tasks.length - shown.length
    replace(
      list,
      ...shown.map((task) => h('li', {}, chip(task, { openTask, hintId }), marks.box(task))),
      rest > 0 && h('li', {}, moreButton(rest, date, open))
    )
    setActive(isActive)
  }
  return { node, button, setActive, show }
}

const noun = (count) => (count === 1 ? 'task' : 'tasks')

const moreButton = (rest, date, onclick) =>
  h(
    'button',
    {
      type: 'button',
      class: 'day-more',
      'aria-label': `${rest} more on ${formatDayInFull(date)}`,
      onclick
    },
    `+${rest}`,
    h('span', { class: 'day-more-word' }, ' more')
  )

/** A task of a day. Its time, if it has one, comes first. */
export function chip(task, { openTask, hintId }) {
  const due = dueOf(task)
  const kind = [
    'chip-task',
    task.completed && 'task-done',
    isOverdue(task) && 'task-overdue',
    task.priority === 'high' && 'chip-high'
  ]
  return h(
    'button',
    {
      type: 'button',
      class: kind.filter(Boolean).join(' '),
      'data-id': task.id,
      'aria-describedby': hintId,
      title: task.title,
      onclick: () => openTask(task)
    },
    task.project_id && projectDot(knownProject(task.project_id)?.color),
    !isDate(due) && h('span', { class: 'chip-time' }, formatClock(due), ' '),
    h('span', { class: 'chip-title' }, task.title)
  )
}

/** What has the focus keeps it: a task, or if it is gone the day that it was on. */
function keepingFocus(grid, change) {
  const focused = grid.contains(document.activeElement) ? document.activeElement : undefined
  const { id } = focused?.dataset ?? {}
  const date = dateAt(focused)
  change()
  if (focused && !focused.isConnected) {
    const same = id && grid.querySelector(`.chip-task[data-id="${id}"]`)
    const day = grid.querySelector(`[data-date="${date}"] .day-number`)
    ;(same || day)?.focus({ preventScroll: true })
  }
}
