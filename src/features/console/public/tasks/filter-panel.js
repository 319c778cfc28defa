import { h, newId } from '../lib/dom.js'
import { isCurrentUser } from '../lib/people.js'
import { loadProjects } from '../lib/projects.js'
import { currentUser } from '../lib/session.js'
import { button } from '../ui/button.js'
import { select } from '../ui/form.js'
import { icon } from '../ui/icons.js'
import { personPicker } from '../ui/person-picker.js'
import { GROUPINGS } from './groups.js'
import { DUE, PRIORITIES, SORT_ORDERS, SORT_ORDERS_OF_ALL, VIEWS } from './labels.js'
import { groupingOf, isOneList, layoutOf, MANUAL, NO_PROJECT, sortOf } from './task-query.js'

const COUNTED = ['priority', 'tag', 'due', 'assignee', 'owner', 'project']

/** Creates the button that opens the panel of filters, and the panel. `show(filters)` writes what is set. */
export function filterPanel(filters, options) {
  const fields = [...filterFields(filters, options), ...displayFields(filters, options)]
  const count = h('span', { class: 'count' })
  const isOpen = () => !panel.hidden
  const setOpen = (open) => {
    panel.hidden = !open
    toggle.setAttribute('aria-expanded', String(open))
    if (open) {
      addEventListener('pointerdown', closeOutside)
      const controls = [...panel.querySelectorAll('select, input, button')]
      controls.find((one) => one.offsetParent !== null).focus()
    } else {
      removeEventListener('pointerdown', closeOutside)
    }
  }
  const close = () => {
    setOpen(false)
    toggle.focus()
  }
  const panel = panelNode(fields, { ...options, close })
  const toggle = h(
    'button',
    {
      type: 'button',
      class: 'button filters-toggle',
      'aria-expanded': 'false',
      'aria-controls': panel.id,
      onclick: () => setOpen(!isOpen())
    },
    icon('filter'),
    h('span', { class: 'filters-label' }, 'Filter'),
    count
  )
  const node = h('div', { class: 'filters-box' }, toggle, panel)
  const closeOutside = ({ target }) => {
    if (!node.contains(target)) {
      setOpen(false)
    }
  }
  node.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && isOpen()) {
      event.preventDefault()
      setOpen(false)
      toggle.focus()
    }
  })
  return {
    node,
    show: (next) => {
      const set = COUNTED.filter((name) => next[name]).length
      count.textContent = set > 0 ? String(set) : ''
      for (const one of fields) {
        one.show(next)
      }
    },
    stop: () => setOpen(false)
  }
}

function panelNode(fields, { onSave, close }) {
  const save = () => {
    close()
    onSave()
  }
  const part = (name, ...more) =>
    h('fieldset', {}, h('legend', {}, name), h('div', { class: 'filter-fields' }, more))
  const of = (isDisplay) => fields.filter((one) => isDisplay === Boolean(one.isDisplay))
  return h(
    'div',
    { class: 'filter-panel', id: newId('filters'), hidden: true },
    part(
      'Filter',
      of(false).map(({ node }) => node)
    ),
    of(true).length > 0 &&
      part(
        'Show',
        of(true).map(({ node }) => node)
      ),
    h(
      'div',
      { class: 'actions' },
      button('Save this view…', save, { kind: 'button-small' }),
      button('Close', close, { kind: 'button-small button-quiet' })
    )
  )
}

/** A select of the panel. `read(filters)` is what it shows, and `offers(filters)` the options it has. */
function labelledSelect(name, label, { options, setFilter, fallback = '', ...more }) {
  const id = newId(name)
  const { read = (filters) => filters[name] ?? fallback, offers, kind = '', ...rest } = more
  const onchange = ({ target: { value } }) => setFilter({ [name]: value === fallback ? '' : value })
  const control = select(name, options, { id, onchange })
  return {
    ...rest,
    control,
    node: h(
      'div',
      { class: `labelled-select ${kind}`.trim() },
      h('label', { for: id }, label),
      control
    ),
    show: (filters) => {
      if (offers) {
        const wanted = offers(filters)
        for (const option of control.options) {
          option.hidden = !wanted.includes(option.value)
          // Not every browser hides options.
          option.disabled = option.hidden
        }
      }
      control.value = read(filters)
    }
  }
}

function labelledPicker(name, label, { filters, fixed, setFilter }) {
  const valueIn = (from) => (from[name] === 'me' ? currentUser().id : (from[name] ?? ''))
  let shown = valueIn(filters)
  const picker = personPicker({
    name,
    label,
    fixed,
    kind: 'labelled-select',
    value: shown,
    onChange: (value) => {
      shown = value
      setFilter({ [name]: isCurrentUser(value) ? 'me' : value })
    }
  })
  return {
    node: picker.node,
    show: (next) => {
      if (valueIn(next) !== shown) {
        shown = valueIn(next)
        picker.setValue(shown)
      }
    }
  }
}

function filterFields(filters, { setFilter, scope, project, days, hasStatus }) {
  const picker = (name, label, fixed) => labelledPicker(name, label, { filters, fixed, setFilter })
  return [
    hasStatus &&
      labelledSelect('view', 'Status', {
        options: VIEWS,
        setFilter,
        fallback: 'open',
        kind: 'filter-status'
      }),
    labelledSelect('priority', 'Priority', {
      options: [['', 'Any'], ...Object.entries(PRIORITIES)],
      setFilter
    }),
    days === undefined && labelledSelect('due', 'Due', { options: DUE, setFilter }),
    scope !== 'all' && project === undefined && projectSelect(filters, setFilter),
    picker('assignee', 'Assigned to', [
      ['', 'Anybody'],
      ['none', 'Nobody']
    ]),
    scope === 'all' && picker('owner', 'Owner', [['', 'Anybody']])
  ].filter(Boolean)
}

/** The choice of a project has an option for each once they are loaded. */
function projectSelect(filters, setFilter) {
  let wanted = filters.project ?? ''
  const options = [
    ['', 'All'],
    [NO_PROJECT, 'No project']
  ]
  const one = labelledSelect('project', 'Project', { options, setFilter })
  loadProjects().then((projects) => {
    for (const { id, name, archived } of projects) {
      one.control.append(h('option', { value: id }, archived ? `${name} (archived)` : name))
    }
    one.control.value = wanted
  })
  return {
    ...one,
    show: (next) => {
      wanted = next.project ?? ''
      one.show(next)
    }
  }
}

/** What chooses the order, the groups and the height of rows. */
function displayFields(filters, { setFilter, ...options }) {
  const { scope, project } = options
  const layout = layoutOf(filters, options)
  if (layout === 'calendar') {
    return []
  }
  const orders = scope === 'all' ? SORT_ORDERS_OF_ALL : [...SORT_ORDERS, [MANUAL, 'Manual order']]
  const isByDay = (next) => layout === 'list' && groupingOf(next, options) === 'day'
  const order = labelledSelect('sort', 'Order', {
    options: orders,
    setFilter,
    isDisplay: true,
    read: (next) => sortOf(next, options),
    offers: (next) =>
      orders
        .map(([sort]) => sort)
        .filter((sort) => (isByDay(next) ? sort.startsWith('due_date') : true))
        .filter((sort) => sort !== MANUAL || isOneList(next, options))
  })
  if (layout === 'board') {
    return [order]
  }
  const groupings = GROUPINGS.filter(
    ([grouping]) => grouping !== 'project' || (project === undefined && scope !== 'all')
  )
  return [
    labelledSelect('group', 'Group by', {
      options: groupings,
      setFilter,
      fallback: options.days === undefined ? 'none' : 'day',
      isDisplay: true
    }),
    order,
    labelledSelect('rows', 'Rows', {
      options: [
        ['', 'Dense'],
        ['roomy', 'Roomy']
      ],
      setFilter,
      isDisplay: true
    })
  ]
}
