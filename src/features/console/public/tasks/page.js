import { call } from '../lib/api.js'
import { debounce, h } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { note } from '../lib/router.js'
import { emptyState, endless } from '../ui/endless.js'
import { apiFilter, apiView, filterBar, stateOf } from './filters.js'
import { quickAdd } from './quick-add.js'
import { rowActs, taskRow } from './row.js'

const PAGE_SIZE = 50
const COUNT_AFTER_MS = 400

/** One's own and assigned tasks. */
export const tasksPage = (query) => listPage(query, { path: '/tasks', title: 'Tasks' })
/** Everybody's tasks, for managers. */
export const everybodyPage = (query) =>
  listPage(query, { path: '/everybody', title: 'Everybody’s tasks', scope: 'all' })

function listPage(query, { path, title, scope }) {
  let state = stateOf(query)
  let filter
  const given = new AbortController()
  const count = debounce(async () => {
    try {
      const stats = await call('GET', '/task-stats', {
        query: apiFilter(state, scope),
        signal: given.signal
      })
      bar.counts(stats)
      summary.textContent = stats.overdue > 0 ? `${stats.overdue.toLocaleString()} overdue` : ''
    } catch (error) {
      // Numbers beside the list: the list itself says what is wrong.
      if (!isAborted(error)) {
        summary.textContent = ''
      }
    }
  }, COUNT_AFTER_MS)

  const load = () => {
    filter = {
      ...apiFilter(state, scope),
      ...apiView(state),
      sort: state.sort ?? 'created_at_desc'
    }
    count()
    return list.reload()
  }
  const row = (task) =>
    taskRow(task, {
      changed: () => {
        list.recount()
        count()
      },
      withOwner: scope === 'all',
      openTag: (tag) => bar.set({ tag })
    })
  const list = endless({
    counted: ['task', 'tasks'],
    row,
    keep: (node) => node.matches('.task-open, .task-draft'),
    list: h('ul', { class: 'list tasks', 'aria-label': title }),
    load: (cursor, signal) =>
      call('GET', '/tasks', { query: { ...filter, limit: PAGE_SIZE, cursor }, signal }),
    empty: () =>
      Object.keys(state).some((name) => name !== 'sort')
        ? emptyState(
            'Nothing matches',
            'No task passes these filters.',
            h(
              'button',
              {
                type: 'button',
                class: 'button',
                onclick: () => {
                  location.hash = `#${path}?`
                }
              },
              'Show all open tasks'
            )
          )
        : emptyState(
            'All done',
            scope === 'all'
              ? 'Nobody has an open task.'
              : 'There is no open task. Type what is next above, or press n.'
          )
  })
  const bar = filterBar(state, {
    scope,
    changed: (next) => {
      state = next
      note(path, state)
      load()
    }
  })
  const summary = h('p', { class: 'summary late-text', role: 'status' })
  const add =
    scope === 'all'
      ? undefined
      : quickAdd({
          list: list.list,
          added: (task, draft) => {
            list.list.querySelector(`[data-id="${task.id}"]`)?.remove()
            const made = row(task)
            draft ? draft.replaceWith(made) : list.list.prepend(made)
            list.recount()
            count()
          }
        })
  load()
  return {
    title,
    node: h(
      'section',
      { class: 'page' },
      h('div', { class: 'page-head' }, h('h1', { tabindex: '-1' }, title), summary),
      add?.node,
      bar.node,
      list.node
    ),
    keys: [
      ...(add ? [['n', 'Add a task', () => add.input.focus()]] : []),
      ['/', 'Search', () => bar.search.focus()],
      ...rowKeys(list.list)
    ],
    stop: () => {
      list.stop()
      given.abort()
    }
  }
}

/** What was deleted, as long as it can be restored. */
export function trashPage() {
  const list = endless({
    counted: ['deleted task', 'deleted tasks'],
    list: h('ul', { class: 'list tasks', 'aria-label': 'Deleted tasks' }),
    load: (cursor, signal) =>
      call('GET', '/tasks', {
        query: { deleted: 'only', sort: 'updated_at_desc', limit: PAGE_SIZE, cursor },
        signal
      }),
    row: (task) => taskRow(task, { changed: () => list.recount() }),
    empty: () =>
      emptyState(
        'The trash is empty',
        'What you delete stays here for a while and can be restored.'
      )
  })
  list.reload()
  return {
    title: 'Trash',
    node: h(
      'section',
      { class: 'page' },
      h('div', { class: 'page-head' }, h('h1', { tabindex: '-1' }, 'Trash')),
      list.node
    ),
    stop: list.stop,
    keys: rowKeys(list.list).slice(0, 2)
  }
}

/** Moving among rows and acting on the one that has the focus. */
function rowKeys(list) {
  const at = () => document.activeElement?.closest('.task')
  const step = (towards) => () => {
    const rows = [...list.querySelectorAll(':scope > .task')]
    const next = rows[at() ? rows.indexOf(at()) + towards : 0]
    next?.querySelector('button.task-title, button')?.focus()
  }
  const on = (act) => () => {
    const acts = at() && rowActs(at())
    return acts ? act(acts) : false
  }
  return [
    ['j', 'Next task', step(1)],
    ['k', 'Previous task', step(-1)],
    ['x', 'Finish the task', on((acts) => acts.toggle())],
    ['e', 'Edit the task', on((acts) => acts.edit())],
    ['h', 'History of the task', on((acts) => acts.history())],
    ['Delete', 'Delete the task', on((acts) => acts.remove())]
  ]
}
