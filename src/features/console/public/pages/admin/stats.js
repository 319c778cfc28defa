import { call } from '../../lib/api.js'
import { h, replace } from '../../lib/dom.js'
import { isAborted } from '../../lib/problem.js'
import { replaceQuery } from '../../lib/router.js'
import { isAtLeast } from '../../lib/session.js'
import { dayChart, shareChart } from '../../ui/chart.js'
import { muted, page, panel } from '../../ui/page.js'
import { problemBox } from '../../ui/problem-box.js'
import { progressPanel } from '../progress.js'

/** Shows what a user has done over time; to managers also counts of all tasks, and to admins those of users. */
export function statsPage(query) {
  const abort = new AbortController()
  const { signal } = abort
  const state = { by: query.get('by') === 'week' ? 'week' : 'day', tasks: query.get('tasks') ?? '' }
  const own = progressPanel({
    title: 'Your progress',
    state,
    signal,
    onChoice: () => replaceQuery('/stats', { ...state, by: state.by === 'day' ? '' : state.by })
  })
  return {
    title: 'Statistics',
    stop: () => abort.abort(),
    node: page({ title: 'Statistics' }, own, isAtLeast('manager') && everybody(signal))
  }
}

function everybody(signal) {
  const content = h('div', { class: 'stack', 'aria-busy': 'true' }, muted('Loading…'))
  const load = async () => {
    try {
      replace(content, await loadPanels(signal))
    } catch (error) {
      if (!isAborted(error)) {
        replace(content, problemBox(error, { retry: load }))
      }
    }
    content.removeAttribute('aria-busy')
  }
  load()
  return [
    content,
    progressPanel({ title: 'Everybody’s progress', isAll: true, state: { by: 'day' }, signal })
  ]
}

async function loadPanels(signal) {
  const [taskStats, adminStats] = await Promise.all([
    call('GET', '/task-stats', { query: { scope: 'all' }, signal }),
    isAtLeast('admin') ? call('GET', '/admin/stats', { signal }) : undefined
  ])
  return [totalsPanel(taskStats, adminStats), adminStats && usersPanel(adminStats)]
}

function totalsPanel({ total, by_status, by_priority, overdue }, adminStats) {
  return panel(
    'All tasks',
    h(
      'dl',
      { class: 'numbers-row' },
      count('tasks', total),
      count('overdue', overdue, overdue > 0 ? 'number-overdue' : ''),
      adminStats && [
        count('in the trash', adminStats.tasks.deleted),
        count('users', adminStats.users.total),
        adminStats.users.disabled > 0 && count('disabled users', adminStats.users.disabled)
      ]
    ),
    h(
      'div',
      { class: 'panels' },
      shareChart('By status', [
        ['To do', by_status.todo, 'c-1'],
        ['In progress', by_status.in_progress, 'c-2'],
        ['Done', by_status.done, 'c-3']
      ]),
      shareChart('By priority', [
        ['High', by_priority.high, 'c-4'],
        ['Medium', by_priority.medium, 'c-1'],
        ['Low', by_priority.low, 'c-5']
      ]),
      adminStats && rolesChart(adminStats.users)
    )
  )
}

const count = (label, number, kind = '') =>
  h('div', { class: `number ${kind}` }, h('dd', {}, number.toLocaleString()), h('dt', {}, label))

const rolesChart = ({ user, manager, admin }) =>
  shareChart('Users by role', [
    ['User', user, 'c-1'],
    ['Manager', manager, 'c-2'],
    ['Admin', admin, 'c-3']
  ])

const usersPanel = ({ days }) =>
  panel(
    'New users in the last 30 days',
    dayChart(
      'Users registered',
      days.map(({ day, users }) => [day, users]),
      'c-3'
    )
  )
