import { call } from '../../lib/api.js'
import { debounce, h } from '../../lib/dom.js'
import { forgetProjectList, projectPath } from '../../lib/projects.js'
import { navigate, replaceQuery } from '../../lib/router.js'
import { isAtLeast } from '../../lib/session.js'
import { button } from '../../ui/button.js'
import { emptyState } from '../../ui/empty-state.js'
import { icon } from '../../ui/icons.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { keepLive } from '../../ui/keep-live.js'
import { actions, page } from '../../ui/page.js'
import { createProject } from './form.js'
import { projectRow } from './row.js'

const PAGE_SIZE = 50
const VIEWS = [
  ['', 'Active', {}],
  ['archived', 'Archived', { archived: 'only' }],
  ['trash', 'Trash', { archived: 'include', deleted: 'only' }]
]
const EMPTY = {
  '': [
    'No projects yet',
    'A project is a list of tasks that you share. Create one, then add the people who work on it.'
  ],
  archived: ['Nothing archived', 'Archived projects can be read and opened again.'],
  trash: [
    'No deleted projects',
    'You can restore your projects here until they are deleted for good.'
  ]
}

/** Lists the projects of the user, own and shared; for managers those of everybody. */
export function projectsPage(query) {
  const state = Object.fromEntries(
    ['q', 'view', 'scope'].map((name) => [name, query.get(name) ?? ''])
  )
  const list = projectList(state, () => create())
  const setFilter = (change) => {
    Object.assign(state, change)
    replaceQuery('/projects', state)
    views.select(state.view)
    list.reload()
  }
  const search = searchInput(state, setFilter)
  const views = viewButtons(setFilter)
  views.select(state.view)
  const create = async () => {
    const project = await createProject()
    if (project) {
      navigate(projectPath(project))
    }
  }
  forgetProjectList()
  list.reload()
  const live = keepLive(list, { concerns: concernsProjects })
  return {
    title: 'Projects',
    stop: () => {
      live.stop()
      list.stop()
    },
    keys: [
      ['n', 'New project', create],
      ['/', 'Search', () => search.focus()]
    ],
    node: page(
      {
        title: 'Projects',
        beside: actions(button([icon('plus'), 'New project'], create, { kind: 'button-primary' }))
      },
      h(
        'div',
        { class: 'filters-first' },
        h('div', { class: 'search' }, icon('search'), search),
        views.node
      ),
      isAtLeast('manager') && scopeSwitch(state, setFilter),
      list.node
    )
  }
}

/** Tasks are counted by whether they are done. */
const concernsProjects = ({ type, project_id, changed_fields }) =>
  /^(project|access|member)\./.test(type) ||
  (project_id !== null &&
    (type === 'task.updated' ? changed_fields.includes('status') : type.startsWith('task.')))

function projectList(state, create) {
  const list = infiniteList({
    noun: ['project', 'projects'],
    list: h('ul', { class: 'rows', 'aria-label': 'Projects' }),
    load: (cursor, signal, quietly) => {
      const [, , view] = VIEWS.find(([name]) => name === state.view) ?? VIEWS[0]
      const { q, scope } = state
      const query = { ...view, q, scope, include_counts: true, limit: PAGE_SIZE, cursor }
      return call('GET', '/projects', { query, signal, ...quietly })
    },
    row: (project) => projectRow(project, list),
    empty: () =>
      state.q === ''
        ? emptyState(...(EMPTY[state.view] ?? EMPTY['']), ...firstProject(state, create))
        : emptyState('No projects found', 'No project has a name with this text.')
  })
  return list
}

const firstProject = ({ view }, create) =>
  view === '' ? [button('Create your first project', create, { kind: 'button-primary' })] : []

function searchInput(state, setFilter) {
  const search = h('input', {
    type: 'search',
    class: 'input',
    placeholder: 'Search',
    'aria-label': 'Search in names of projects',
    maxlength: '100',
    value: state.q,
    oninput: debounce(() => setFilter({ q: search.value.trim() }), 250)
  })
  return search
}

function viewButtons(setFilter) {
  const buttons = VIEWS.map(([view, label]) =>
    h('button', { type: 'button', onclick: () => setFilter({ view }) }, label)
  )
  return {
    node: h('div', { class: 'segments', role: 'group', 'aria-label': 'Which projects' }, buttons),
    select: (selected) => {
      for (const [i, [view]] of VIEWS.entries()) {
        buttons[i].setAttribute('aria-pressed', String(view === selected))
      }
    }
  }
}

const scopeSwitch = ({ scope }, setFilter) =>
  h(
    'label',
    { class: 'check' },
    h('input', {
      type: 'checkbox',
      checked: scope === 'all',
      onchange: ({ target }) => setFilter({ scope: target.checked ? 'all' : '' })
    }),
    'Show everybody’s projects'
  )
