import { h, replace } from '../lib/dom.js'
import { isCurrentUser, personNode } from '../lib/people.js'
import { projectNode } from '../lib/projects.js'
import { currentUser } from '../lib/session.js'
import { icon } from '../ui/icons.js'
import { DUE, PRIORITIES, STATUSES } from './labels.js'
import { NO_PROJECT } from './task-query.js'

const NAMES = ['view', 'priority', 'tag', 'due', 'assignee', 'owner', 'project']

/** Shows the filters that are set, each as a button that removes it. */
export function filterChips({ setFilter, days, hasStatus }) {
  const node = h('ul', { class: 'filter-chips', 'aria-label': 'Filters that are set' })
  const show = (filters) => {
    const hidden = [days && 'due', !hasStatus && 'view']
    const chosen = NAMES.filter((name) => filters[name] && !hidden.includes(name))
    const focused = [...node.children].findIndex((item) => item.contains(document.activeElement))
    replace(
      node,
      ...chosen.map((name) => chip(name, filters[name], setFilter)),
      chosen.length > 1 && clearAll(chosen, setFilter)
    )
    if (focused >= 0) {
      const next = node.children[Math.min(focused, node.children.length - 1)]
      const heir = next?.firstElementChild ?? document.querySelector('.filters-toggle')
      heir?.focus()
    }
  }
  return { node, show }
}

const chip = (name, value, setFilter) =>
  h(
    'li',
    { class: name === 'view' ? 'chip-status' : undefined },
    h(
      'button',
      { type: 'button', class: 'filter-chip', onclick: () => setFilter({ [name]: '' }) },
      h('span', { class: 'visually-hidden' }, 'Remove filter: '),
      h('span', { class: 'chip-text' }, TEXTS[name](value)),
      icon('close')
    )
  )

const clearAll = (names, setFilter) =>
  h(
    'li',
    {},
    h(
      'button',
      {
        type: 'button',
        class: 'link filter-clear',
        onclick: () => setFilter(Object.fromEntries(names.map((name) => [name, ''])))
      },
      'Clear filters'
    )
  )

const personText = (before, value) => {
  const id = value === 'me' ? currentUser().id : value
  return [before, isCurrentUser(id) ? 'me' : personNode(id)]
}

const TEXTS = {
  view: (value) => STATUSES[value] ?? 'Open and done',
  priority: (value) => `${PRIORITIES[value] ?? value} priority`,
  tag: (value) => `Tagged ${value}`,
  due: (value) => DUE.find(([due]) => due === value)?.[1] ?? value,
  assignee: (value) =>
    value === 'none' ? 'Assigned to nobody' : personText('Assigned to ', value),
  owner: (value) => personText('Owned by ', value),
  project: (value) => (value === NO_PROJECT ? 'No project' : projectNode(value))
}
