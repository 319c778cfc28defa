import { debounce, h, newId, replace } from '../lib/dom.js'
import { isMe, people } from '../lib/people.js'
import { isAtLeast, user } from '../lib/session.js'
import { startOfDay } from '../lib/time.js'
import { select } from '../ui/form.js'
import { icon } from '../ui/icons.js'
import { PRIORITY, SORTS } from './words.js'

const VIEWS = [
  ['open', 'Open'],
  ['todo', 'To do'],
  ['in_progress', 'In progress'],
  ['done', 'Done'],
  ['all', 'All']
]
const DUE = [
  ['', 'Any time'],
  ['overdue', 'Overdue'],
  ['today', 'Due today'],
  ['week', 'Due within 7 days']
]
const NAMES = ['view', 'q', 'priority', 'tag', 'due', 'whose', 'sort']

/** What of the address belongs to the list: only what differs from the usual stands there. */
export const stateOf = (query) =>
  Object.fromEntries(
    NAMES.map((name) => [name, query.get(name) ?? '']).filter(([, value]) => value !== '')
  )

/** The same as parameters of the API. Made once for each list, since a cursor belongs to its parameters. */
export function apiFilter({ q, priority, tag, due, whose }, scope) {
  return {
    ...(scope === 'all' && { scope }),
    q,
    priority,
    tag: tag ? [tag] : [],
    ...(whose === 'me' ? { assignee_id: user().id } : whose ? { owner_id: whose } : {}),
    ...(due === 'overdue' && { overdue: true }),
    ...(due === 'today' && { due_after: startOfDay(0), due_before: startOfDay(1) }),
    ...(due === 'week' && { due_after: startOfDay(0), due_before: startOfDay(7) })
  }
}

/** Which states are in sight. */
export const apiView = ({ view = 'open' }) =>
  view === 'open' ? { completed: false } : view === 'all' ? {} : { status: [view] }

/** The bar above the list. `changed(state)` hears of every choice; `counts(stats)` writes numbers beside the states. */
export function filterBar(state, { changed, scope }) {
  const set = (part) => {
    state = Object.fromEntries(
      Object.entries({ ...state, ...part }).filter(([, value]) => value !== '')
    )
    show()
    changed(state)
  }
  const search = h('input', {
    type: 'search',
    class: 'input',
    placeholder: 'Search',
    'aria-label': 'Search in titles and descriptions',
    maxlength: '200',
    value: state.q ?? '',
    oninput: debounce(() => set({ q: search.value.trim() }), 250)
  })
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && search.value === '') {
      search.blur()
    }
  })
  const views = VIEWS.map(([view, words]) => ({
    view,
    count: h('span', { class: 'count' }),
    words
  }))
  const segments = h(
    'div',
    { class: 'segments', role: 'group', 'aria-label': 'Status' },
    views.map(({ view, words, count }) =>
      h(
        'button',
        {
          type: 'button',
          'data-view': view,
          onclick: () => set({ view: view === 'open' ? '' : view })
        },
        words,
        count
      )
    )
  )
  const choice = (name, words, options, empty = '', id = newId(name)) =>
    h(
      'div',
      { class: 'choose' },
      h('label', { for: id }, words),
      select(name, options, {
        id,
        value: state[name] ?? empty,
        onchange: ({ target }) => set({ [name]: target.value === empty ? '' : target.value })
      })
    )
  const whose = choice('whose', 'Whose', [
    ['', scope === 'all' ? 'Everybody’s' : 'Mine'],
    ['me', 'Assigned to me']
  ])
  if (scope === 'all' && isAtLeast('admin')) {
    people().then((all) => {
      const box = whose.querySelector('select')
      for (const one of all) {
        box.append(h('option', { value: one.id }, isMe(one.id) ? 'Of yours' : `Of ${one.title}`))
      }
      box.value = state.whose ?? ''
    })
  }
  const picked = h('div', { class: 'picked' })
  const show = () => {
    for (const button of segments.children) {
      button.setAttribute('aria-pressed', String(button.dataset.view === (state.view ?? 'open')))
    }
    replace(
      picked,
      state.tag &&
        h(
          'button',
          {
            type: 'button',
            class: 'tag tag-picked',
            'aria-label': `Tagged ${state.tag}; show all tags`,
            onclick: () => set({ tag: '' })
          },
          state.tag,
          icon('close')
        )
    )
  }
  show()
  const more = h(
    'div',
    { class: 'filters-more', id: newId('more') },
    choice('priority', 'Priority', [['', 'Any'], ...Object.entries(PRIORITY)]),
    choice('due', 'Due', DUE),
    whose,
    choice('sort', 'Order', SORTS, 'created_at_desc')
  )
  // Only where there is little room.
  const unfold = h(
    'button',
    {
      type: 'button',
      class: 'button button-small unfold',
      'aria-expanded': 'false',
      'aria-controls': more.id,
      onclick: () => unfold.setAttribute('aria-expanded', String(more.classList.toggle('unfolded')))
    },
    'Filter and order'
  )
  return {
    search,
    set,
    node: h(
      'div',
      { class: 'filters' },
      h(
        'div',
        { class: 'filters-first' },
        h('div', { class: 'search' }, icon('search'), search),
        segments
      ),
      h('div', { class: 'filters-last' }, unfold, more, picked)
    ),
    counts: ({ total, by_status: { todo, in_progress, done } }) => {
      const numbers = { open: todo + in_progress, todo, in_progress, done, all: total }
      for (const { view, count } of views) {
        count.textContent = numbers[view].toLocaleString()
      }
    }
  }
}
