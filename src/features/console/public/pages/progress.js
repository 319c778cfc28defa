import { call } from '../lib/api.js'
import { h, replace } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { hashOf } from '../lib/router.js'
import { currentUser } from '../lib/session.js'
import { ZONE } from '../lib/time.js'
import { dayChart } from '../ui/chart.js'
import { emptyState } from '../ui/empty-state.js'
import { select } from '../ui/form.js'
import { panel } from '../ui/page.js'
import { problemBox } from '../ui/problem-box.js'

const WEEKS = 26
const PERIODS = [
  ['day', 'The last 30 days'],
  ['week', `The last ${WEEKS} weeks`]
]
const TASKS = [
  ['', 'All my tasks'],
  ['assigned', 'Assigned to me'],
  ['personal', 'My personal list']
]

/**
 * Shows how many tasks were finished and created over time: those of the user, or with `isAll` those of everybody.
 * `state` has what is chosen, and `onChoice` is told of a change.
 */
export function progressPanel({ title, isAll = false, state, onChoice = () => {}, signal }) {
  const charts = h('div', { class: 'stack', 'aria-live': 'polite' })
  let latest = 0
  const load = async () => {
    const number = ++latest
    charts.setAttribute('aria-busy', 'true')
    try {
      const query = { ...daysOf(state.by), ...tasksOf(isAll, state.tasks), time_zone: ZONE }
      const { days } = await call('GET', '/task-stats/history', { query, signal })
      if (number === latest) {
        replace(charts, chartsOf(days, { by: state.by, isAll }))
      }
    } catch (error) {
      if (number === latest && !isAborted(error)) {
        replace(charts, problemBox(error, { retry: load }))
      }
    }
    if (number === latest) {
      charts.removeAttribute('aria-busy')
    }
  }
  const choose = (name, options, label) =>
    select(name, options, {
      value: state[name],
      'aria-label': label,
      onchange: ({ target }) => {
        state[name] = target.value
        onChoice()
        load()
      }
    })
  load()
  return panel(
    title,
    h(
      'div',
      { class: 'chart-choices' },
      choose('by', PERIODS, 'Period'),
      !isAll && choose('tasks', TASKS, 'Which tasks')
    ),
    charts
  )
}

/** Whole weeks begin on a Monday; the last one is this week. */
const daysOf = (by) =>
  by === 'week' ? { days: (WEEKS - 1) * 7 + ((new Date().getDay() + 6) % 7) + 1 } : { days: 30 }

function tasksOf(isAll, tasks) {
  if (isAll) {
    return { scope: 'all' }
  }
  return {
    personal: tasks === 'personal' || undefined,
    assignee_id: tasks === 'assigned' ? currentUser().id : undefined
  }
}

function chartsOf(days, { by, isAll }) {
  const points = by === 'week' ? weeksOf(days) : days
  if (points.every(({ created, completed }) => created + completed === 0)) {
    return emptyState(
      'Nothing to count yet',
      'Finish a task, and it appears here.',
      h('a', { class: 'button', href: hashOf('/tasks') }, 'Go to your tasks')
    )
  }
  const of = (name) => points.map((point) => [point.day, point[name]])
  const names = isAll ? ['Tasks done', 'Tasks created'] : ['Done', 'Added']
  return h(
    'div',
    { class: 'panels' },
    dayChart(names[0], of('completed'), 'c-3', { by, zone: 'local' }),
    dayChart(names[1], of('created'), 'c-1', { by, zone: 'local' })
  )
}

/** Adds up the days of each week; the day of a week is its Monday. */
const weeksOf = (days) =>
  Array.from({ length: Math.ceil(days.length / 7) }, (_, i) => {
    const week = days.slice(i * 7, i * 7 + 7)
    const sum = (name) => week.reduce((total, day) => total + day[name], 0)
    return { day: week[0].day, created: sum('created'), completed: sum('completed') }
  })
