import { debounce, h } from '../lib/dom.js'
import { icon } from '../ui/icons.js'
import { leaveByEscape } from '../ui/shortcuts.js'
import { filterChips } from './filter-chips.js'
import { filterPanel } from './filter-panel.js'
import { VIEWS } from './labels.js'

/**
 * Creates the filters above tasks: a search, the statuses, and all others in a panel behind a button.
 * `onChange(filters)` is called at every change, `showCounts(stats)` writes how many tasks have each status, and
 * `setFilter` and `search` give access from outside. `hasStatus` is false where the statuses are shown otherwise.
 */
export function filterBar(filters, { onChange, hasStatus, onSave, ...options }) {
  const setFilter = (change) => {
    filters = Object.fromEntries(
      Object.entries({ ...filters, ...change }).filter(([, value]) => value !== '')
    )
    render()
    onChange(filters)
  }
  const search = searchInput(filters, setFilter)
  const views = viewButtons(setFilter)
  const panel = filterPanel(filters, { ...options, hasStatus, setFilter, onSave })
  const chips = filterChips({ ...options, hasStatus, setFilter })
  const render = () => {
    views.select(filters.view ?? 'open')
    chips.show(filters)
    panel.show(filters)
  }
  render()
  return {
    search,
    setFilter,
    showCounts: views.showCounts,
    stop: panel.stop,
    node: h(
      'div',
      { class: 'filters' },
      h(
        'div',
        { class: 'filters-first' },
        h('div', { class: 'search' }, icon('search'), search),
        hasStatus && views.node,
        panel.node
      ),
      chips.node
    )
  }
}

function searchInput({ q = '' }, setFilter) {
  const search = h('input', {
    type: 'search',
    class: 'input',
    placeholder: 'Search',
    'aria-label': 'Search in titles and descriptions',
    maxlength: '200',
    value: q,
    oninput: debounce(() => setFilter({ q: search.value.trim() }), 250)
  })
  search.addEventListener('keydown', (event) => {
    // The first Escape empties it.
    if (search.value === '') {
      leaveByEscape(event)
    }
  })
  return search
}

/** The buttons that choose a status, each with the number of its tasks. */
function viewButtons(setFilter) {
  const views = VIEWS.map(([view, label]) => {
    const count = h('span', { class: 'count' })
    const onclick = () => setFilter({ view: view === 'open' ? '' : view })
    return { view, count, button: h('button', { type: 'button', onclick }, label, count) }
  })
  return {
    node: h(
      'div',
      { class: 'segments segments-status', role: 'group', 'aria-label': 'Status' },
      views.map((one) => one.button)
    ),
    select: (selected) => {
      for (const one of views) {
        one.button.setAttribute('aria-pressed', String(one.view === selected))
      }
    },
    showCounts: ({ total, by_status: { todo, in_progress, done } }) => {
      const numbers = { open: todo + in_progress, todo, in_progress, done, all: total }
      for (const { view, count } of views) {
        count.textContent = numbers[view].toLocaleString()
      }
    }
  }
}
