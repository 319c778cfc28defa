import { call, QUIETLY } from '../lib/api.js'
import { h, replace } from '../lib/dom.js'
import { hashOf } from '../lib/router.js'
import { icon } from './icons.js'

const STEPS = [
  ['plus', 'Add your first task', 'Type what there is to do, and press Enter.'],
  [
    'csv',
    'Bring your tasks along',
    'From a spreadsheet, or an export of Todoist, TickTick, Trello, Asana, Jira and others.',
    ['/csv', 'Import a file']
  ],
  [
    'project',
    'Work with others',
    'A project is a list of tasks that you share.',
    ['/projects', 'Create a project']
  ]
]

/** Returns what an empty list shows, and replaces it by the first steps for somebody who has never had a task. */
export function firstSteps(otherwise) {
  const node = h('div', {}, otherwise)
  const query = { deleted: 'include', limit: 1 }
  call('GET', '/tasks', { query, ...QUIETLY }).then(
    ({ data }) => data.length === 0 && replace(node, steps()),
    // What an empty list shows is right as well.
    () => {}
  )
  return node
}

const steps = () =>
  h(
    'section',
    { class: 'first-steps', 'aria-label': 'First steps' },
    h('h2', {}, 'Welcome!'),
    h('p', { class: 'muted' }, 'You have no open tasks yet. Here are three ways to begin.'),
    h('ul', {}, STEPS.map(stepNode))
  )

const stepNode = ([picture, title, text, link]) =>
  h(
    'li',
    {},
    icon(picture),
    h('h3', {}, title),
    h('p', { class: 'muted' }, text),
    link && h('a', { class: 'button', href: hashOf(link[0]) }, link[1])
  )
