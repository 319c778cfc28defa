import { debounce, h, newId, replace } from '../lib/dom.js'
import { isCurrentUser } from '../lib/people.js'
import { loadProjects } from '../lib/projects.js'
import { currentUser } from '../lib/session.js'
import { button } from '../ui/button.js'
import { select } from '../ui/form.js'
import { icon } from '../ui/icons.js'
import { personPicker } from '../ui/person-picker.js'
import { PRIORITIES, SORT_ORDERS, SORT_ORDERS_OF_ALL } from './labels.js'
import { NO_PROJECT } from './task-query.js'

const DEFAULT_SORT = 'created_at_desc'
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

/**
 * Creates the filters above a list. `onChange(filters)` is called at every change. `showCounts(stats)` writes how many
 * tasks have each status; `setFilter` and `search` give access from outside.
 */
export function filterBar(filters, { onChange, scope, project }) {
  const setFilter = (change) => {
    filters = Object.fromEntries(
      Object.entries({ ...filters, ...change }).filter(([, value]) => value !== '')
    )
    render()
    onChange(filters)
  }
  const search = searchInput(filters, setFilter)
  const views = viewButtons(setFilter)
  const activeTag = h('div', { class: 'active-tag' })
  const render = () => {
    views.select(filters.view ?? 'open')
    replace(activeTag, filters.tag && tagButton(filters.tag, setFilter))
  }
  render()
  return {
    search,
    setFilter,
    showCounts: views.showCounts,
    node: h(
      'div',
      { class: 'filters' },
      h(
        'div',
        { class: 'filters-first' },
        h('div', { class: 'search' }, icon('search'), search),
        views.node
      ),
      h(
        'div',
        { class: 'filters-last' },
        collapsible(filterFields(filters, { setFilter, scope, project })),
        activeTag
      )
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
    if (event.key === 'Escape' && search.value === '') {
      search.blur()
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
      { class: 'segments', role: 'group', 'aria-label': 'Status' },
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

const tagButton = (tag, setFilter) =>
  h(
    'button',
    {
      type: 'button',
      class: 'tag tag-picked',
      'aria-label': `Tagged ${tag}; show all tags`,
      onclick: () => setFilter({ tag: '' })
    },
    tag,
    icon('close')
  )

function filterFields(filters, { setFilter, scope, project }) {
  const labelledSelect = (name, label, options, defaultValue = '') => {
    const id = newId(name)
    const control = select(name, options, {
      id,
      value: filters[name] ?? defaultValue,
      onchange: ({ target: { value } }) =>
        setFilter({ [name]: value === defaultValue ? '' : value })
    })
    return h('div', { class: 'labelled-select' }, h('label', { for: id }, label), control)
  }
  const labelledPicker = (name, label, fixed) =>
    personPicker({
      name,
      label,
      fixed,
      kind: 'labelled-select',
      value: filters[name] === 'me' ? currentUser().id : filters[name],
      onChange: (value) => setFilter({ [name]: isCurrentUser(value) ? 'me' : value })
    }).node
  const projects =
    scope !== 'all' &&
    project === undefined &&
    labelledSelect('project', 'Project', [
      ['', 'All'],
      [NO_PROJECT, 'No project']
    ])
  if (projects) {
    addProjects(projects.querySelector('select'), filters)
  }
  const orders = scope === 'all' ? SORT_ORDERS_OF_ALL : SORT_ORDERS
  return [
    labelledSelect('priority', 'Priority', [['', 'Any'], ...Object.entries(PRIORITIES)]),
    labelledSelect('due', 'Due', DUE),
    projects,
    labelledPicker('assignee', 'Assigned to', [
      ['', 'Anybody'],
      ['none', 'Nobody']
    ]),
    scope === 'all' && labelledPicker('owner', 'Owner', [['', 'Anybody']]),
    labelledSelect('sort', 'Order', orders, DEFAULT_SORT)
  ]
}

/** Adds an option for each project, then selects the one in the URL unless the user has chosen meanwhile. */
async function addProjects(control, filters) {
  for (const { id, name, archived } of await loadProjects()) {
    control.append(h('option', { value: id }, archived ? `${name} (archived)` : name))
  }
  control.value = control.value || (filters.project ?? '')
}

/** Hides the further filters behind a button on narrow screens. */
function collapsible(fields) {
  const node = h('div', { class: 'filters-more', id: newId('more') }, fields)
  const toggle = () => {
    const isExpanded = node.classList.toggle('filters-expanded')
    toggleButton.setAttribute('aria-expanded', String(isExpanded))
  }
  const toggleButton = button('Filter and sort', toggle, {
    kind: 'button-small filters-toggle',
    'aria-expanded': 'false',
    'aria-controls': node.id
  })
  return [toggleButton, node]
}
