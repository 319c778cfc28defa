import { QUIETLY } from '../lib/api.js'
import { h, newId, replace } from '../lib/dom.js'
import { addMonths, formatMonth, monthOf, weeksOf } from '../lib/month.js'
import { isAborted } from '../lib/problem.js'
import { addDays, dateFromToday, dateOf, dueOf, formatDayInFull } from '../lib/time.js'
import { isMadeHere, writeCount } from '../lib/writes.js'
import { button, iconButton } from '../ui/button.js'
import { keepLive } from '../ui/keep-live.js'
import { problemBox } from '../ui/problem-box.js'
import { toast } from '../ui/toast.js'
import { showDay } from './calendar-day.js'
import { calendarGrid, dateAt } from './calendar-grid.js'
import { calendarMarks } from './calendar-marks.js'
import { byDay, loadDays, MAX_TASKS } from './calendar-month.js'
import { dayMoves } from './calendar-moves.js'
import { openTask } from './open-task.js'
import { selectableChips } from './selectable.js'
import { withSelection } from './selection.js'
import { filterQuery, statusQuery } from './task-query.js'

/** Creates the calendar of the tasks that match `filters()`, a month at a time, on whose days they are dragged. */
export function taskCalendar(options) {
  const calendar = new Calendar(options)
  const { tasks, onTasksChanged } = calendar
  return withSelection(calendar, { tasks, onChange: onTasksChanged })
}

class Calendar {
  keys = [
    ['[', 'Previous month', () => this.#turn(-1)],
    [']', 'Next month', () => this.#turn(1)]
  ]
  /** What is being added has no day yet. */
  list = h('ul')
  #options
  #month
  #grid
  #tasks = new Map()
  #abort = new AbortController()
  #isLoading = false
  #isLoaded = false
  #title = h('h2', { id: newId('month'), class: 'month-title', 'aria-live': 'polite' })
  #note = h('div', { class: 'month-note', role: 'status' })
  #box = h('div', { class: 'month-box' })
  #moves
  #live
  #marks = calendarMarks({
    taskOf: (id) => this.#tasks.get(id),
    update: (task) => this.#showTask(task),
    hide: (id) => {
      this.#tasks.delete(id)
      this.#show()
    }
  })
  tasks = selectableChips(this.#box, this.#marks.actionsOf)

  constructor(options) {
    this.#options = options
    this.#moves = dayMoves(this.#box, {
      taskOf: (id) => this.#tasks.get(id),
      has: (date) => this.#grid.has(date),
      show: (task) => this.#showTask(task),
      onChange: options.onChange,
      onRefused: () => this.#live.refresh()
    })
    this.node = h('div', { class: 'month' }, this.#head(), this.#note, this.#moves.hint, this.#box)
    this.node.append(this.#moves.node)
    this.#box.addEventListener('keydown', (event) => this.#onKey(event))
    const calendar = this
    const source = {
      list: this.#box,
      hasDeferred: false,
      refresh: () => this.#refresh(),
      get isIdle() {
        return !calendar.#isLoading && !calendar.#moves.isHeld()
      }
    }
    this.#live = keepLive(source, {
      concerns: (change) => this.#concerns(change),
      project: options.project,
      onRefresh: options.onRefresh
    })
  }

  #head() {
    const today = () => this.#options.setFilter({ month: '' })
    return h(
      'div',
      { class: 'month-head' },
      this.#title,
      iconButton('left', 'Previous month', () => this.#turn(-1), { title: 'Previous month' }),
      button('Today', today, { kind: 'button-small' }),
      iconButton('right', 'Next month', () => this.#turn(1), { title: 'Next month' })
    )
  }

  #turn(months, focusDate) {
    const month = addMonths(this.#month, months)
    this.#options.setFilter({ month: month === monthOf() ? '' : month })
    if (focusDate) {
      this.#grid.focusDay(focusDate)
    }
  }

  /** Loads the month that the filters say, from its start. */
  reload = async () => {
    const month = monthOf(this.#options.filters().month)
    this.#abort.abort()
    this.#abort = new AbortController()
    if (month !== this.#month) {
      this.#showMonth(month)
    }
    const { signal } = this.#abort
    this.#isLoading = true
    this.#box.setAttribute('aria-busy', 'true')
    try {
      this.#take(await this.#load(signal))
    } catch (error) {
      if (!signal.aborted && !isAborted(error)) {
        replace(this.#note, problemBox(error, { retry: this.reload }))
      }
    } finally {
      if (!signal.aborted) {
        this.#isLoading = false
        this.#box.removeAttribute('aria-busy')
      }
    }
  }

  async #refresh() {
    if (!this.#isLoaded) {
      return true
    }
    const { signal } = this.#abort
    const writes = writeCount()
    const loaded = await this.#load(signal, QUIETLY)
    if (signal.aborted || writes !== writeCount() || this.#moves.isHeld()) {
      return false
    }
    this.#take(loaded)
    return true
  }

  #load(signal, quietly) {
    const days = weeksOf(this.#month).flat()
    const filters = this.#options.filters()
    const query = { ...filterQuery(filters, this.#options), ...statusQuery(filters) }
    return loadDays({ from: days[0], to: days.at(-1) }, query, signal, quietly)
  }

  #take({ tasks, hasMore }) {
    this.#isLoaded = true
    this.#tasks = new Map(tasks.map((task) => [task.id, task]))
    this.#show()
    const text = `Only the first ${MAX_TASKS} tasks are shown. Filter to see the others.`
    replace(this.#note, hasMore && h('p', { class: 'muted' }, text))
  }

  #showMonth(month) {
    this.#month = month
    this.#tasks = new Map()
    this.#isLoaded = false
    this.#title.textContent = formatMonth(month)
    const today = dateFromToday(0)
    this.#grid = calendarGrid(weeksOf(month), {
      month,
      active: today.startsWith(month) ? today : `${month}-01`,
      labelledBy: this.#title.id,
      hintId: this.#moves.hint.id,
      marks: this.#marks,
      openTask: (task) => this.#open(task),
      openDay: (date) =>
        showDay(date, byDay(this.#tasks.values()).get(date) ?? [], {
          openTask: (task) => this.#open(task)
        })
    })
    replace(this.#box, this.#grid.node)
  }

  #show() {
    this.#grid.show(byDay(this.#tasks.values()))
    this.#marks.paint(this.tasks.all())
  }

  #showTask(task) {
    this.#tasks.set(task.id, task)
    this.#show()
  }

  #open(task) {
    return openTask(task, { onChange: this.onTasksChanged })
  }

  onTasksChanged = () => {
    this.#live.refresh()
    this.#options.onChange()
  }

  /** Arrows lead from day to day, and from month to month. */
  #onKey(event) {
    const date = dateAt(event.target)
    const days = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key]
    const months = { PageUp: -1, PageDown: 1 }[event.key]
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.defaultPrevented
    if (date === undefined || !isPlain || (days === undefined && months === undefined)) {
      return
    }
    event.preventDefault()
    if (months !== undefined) {
      this.#turn(months, `${addMonths(this.#month, months)}-01`)
      return
    }
    const next = addDays(date, days)
    this.#grid.has(next) ? this.#grid.focusDay(next) : this.#turn(Math.sign(days), next)
  }

  #concerns(change) {
    const { type, resource, project_id, data } = change
    const { project } = this.#options
    const isHere = project === undefined || project_id === project.id
    if (resource.type !== 'task') {
      return isHere && /^(access\.|project\.(deleted|restored))/.test(type)
    }
    const known = this.#tasks.get(resource.id)
    if (known) {
      return (resource.version ?? Number.POSITIVE_INFINITY) > known.version
    }
    return isHere && !isMadeHere(change) && data !== null && this.#isShown(data)
  }

  #isShown(task) {
    const due = dueOf(task)
    return due !== null && this.#grid.has(dateOf(due))
  }

  /** Shows a new task on its day. */
  add = (task, draft) => {
    draft?.remove()
    if (this.#isShown(task)) {
      this.#tasks.set(task.id, task)
      this.#show()
    } else {
      const why = dueOf(task) ? `is due on ${formatDayInFull(dateOf(dueOf(task)))}` : 'has no date'
      toast(`Added “${task.title}”. It ${why}, so this month does not show it.`)
    }
  }

  stop = () => {
    this.#moves.cancel()
    this.#live.stop()
    this.#abort.abort()
  }
}
