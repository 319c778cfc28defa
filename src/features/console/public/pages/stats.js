import { call } from '../lib/api.js'
import { h, replace } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { isAtLeast } from '../lib/session.js'
import { dayChart, shareChart } from '../ui/chart.js'
import { panel } from '../ui/panel.js'
import { problemBox } from '../ui/problem-box.js'

/** Numbers: everybody's tasks for managers, and the installation for admins. */
export function statsPage() {
  const given = new AbortController()
  const { signal } = given
  const body = h(
    'div',
    { class: 'stack', 'aria-busy': 'true' },
    h('p', { class: 'muted' }, 'Counting…')
  )
  const load = async () => {
    try {
      const [tasks, all] = await Promise.all([
        call('GET', '/task-stats', { query: { scope: 'all' }, signal }),
        isAtLeast('admin') ? call('GET', '/admin/stats', { signal }) : undefined
      ])
      replace(body, tasksPanel(tasks, all), all && overTime(all))
    } catch (error) {
      if (!isAborted(error)) {
        replace(body, problemBox(error, { again: load }))
      }
    }
    body.removeAttribute('aria-busy')
  }
  load()
  return {
    title: 'Statistics',
    stop: () => given.abort(),
    node: h(
      'section',
      { class: 'page' },
      h('div', { class: 'page-head' }, h('h1', { tabindex: '-1' }, 'Statistics')),
      body
    )
  }
}

function tasksPanel(
  { total, by_status: { todo, in_progress, done }, by_priority: { low, medium, high }, overdue },
  all
) {
  const fact = (words, number, kind = '') =>
    h('div', { class: `number ${kind}` }, h('dd', {}, number.toLocaleString()), h('dt', {}, words))
  return panel(
    'Everybody’s tasks',
    h(
      'dl',
      { class: 'numbers-row' },
      fact('tasks', total),
      fact('overdue', overdue, overdue > 0 ? 'number-late' : ''),
      all && fact('in the trash', all.tasks.deleted),
      all && fact('people', all.users.total),
      all && all.users.disabled > 0 && fact('disabled', all.users.disabled)
    ),
    h(
      'div',
      { class: 'panels' },
      shareChart('By status', [
        ['To do', todo, 'c-1'],
        ['In progress', in_progress, 'c-2'],
        ['Done', done, 'c-3']
      ]),
      shareChart('By priority', [
        ['High', high, 'c-4'],
        ['Medium', medium, 'c-1'],
        ['Low', low, 'c-5']
      ]),
      all &&
        shareChart('People by role', [
          ['User', all.users.user, 'c-1'],
          ['Manager', all.users.manager, 'c-2'],
          ['Admin', all.users.admin, 'c-3']
        ])
    )
  )
}

const overTime = ({ days }) =>
  panel(
    'The last 30 days',
    h(
      'div',
      { class: 'panels' },
      dayChart(
        'Tasks made',
        days.map(({ day, tasks }) => [day, tasks]),
        'c-1'
      ),
      dayChart(
        'People joined',
        days.map(({ day, users }) => [day, users]),
        'c-3'
      )
    )
  )
