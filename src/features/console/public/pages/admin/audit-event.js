import { h, replace } from '../../lib/dom.js'
import { isCurrentUser, personNode } from '../../lib/people.js'
import { projectHash, projectNode } from '../../lib/projects.js'
import { hashOf } from '../../lib/router.js'
import { titleOf } from '../../lib/task-titles.js'
import { formatDateTime, formatRelative } from '../../lib/time.js'
import { badge, rowDetails } from '../../ui/row.js'
import { ACTIONS, sentenceOf } from './audit-sentences.js'

const OUTCOME_BADGES = { failed: 'badge-warn', refused: 'badge-bad' }
const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** Shows an event as a sentence. Pressing a name or the action has only such events shown. */
export function eventRow(event, setFilter) {
  const { action, outcome, created_at, address, request_id } = event
  const label = ACTIONS[action]?.label ?? action
  return h(
    'li',
    { class: 'row audit-event' },
    h(
      'div',
      { class: 'row-main' },
      h('p', {}, sentenceNodes(event, setFilter)),
      rowDetails(
        outcome !== 'succeeded' && badge(outcome, OUTCOME_BADGES[outcome]),
        filterButton(() => setFilter({ action }), `Only ${label}`, label),
        address && h('span', {}, address),
        request_id && h('code', { class: 'audit-request', title: 'Request ID' }, request_id)
      )
    ),
    h(
      'time',
      { class: 'row-time', datetime: created_at, title: formatDateTime(created_at) },
      formatRelative(created_at)
    )
  )
}

const filterButton = (onclick, name, text) =>
  h('button', { type: 'button', class: 'link', 'aria-label': name, onclick }, text)

/** Writes the sentence, with what its braces stand for. */
const sentenceNodes = (event, setFilter) =>
  sentenceOf(event)
    .split(/\{(\w+)\}/)
    .map((text, index) => (index % 2 === 1 ? PARTS[text]?.(event, setFilter) : text))

/** What stands in braces. */
const PARTS = {
  actor: (event, setFilter) => actorNode(event, setFilter),
  their: ({ actor_id }) => (isCurrentUser(actor_id) ? 'your' : 'their'),
  /** Bans without an actor are automatic. */
  banner: (event, setFilter) =>
    event.actor_id === null ? h('strong', {}, 'Tasklane') : actorNode(event, setFilter),
  subject: ({ subject_type, subject_id }, setFilter) =>
    subject_type === 'user' && subject_id !== null
      ? aboutButton(personNode(subject_id), subject_id, setFilter)
      : 'somebody',
  person: ({ detail }) => personIn(detail, 0),
  other: ({ detail }) => personIn(detail, 1),
  project: ({ action, subject_id }) => projectLink(action, subject_id),
  task: ({ action, subject_id }) => taskLink(action, subject_id),
  about: (event, setFilter) => aboutWhat(event, setFilter),
  sessions: ({ detail }) => (detail === '1' ? 'one session' : `${detail} sessions`),
  action: ({ action }) => action,
  detail: ({ detail }) => detail ?? 'nothing',
  /** Without the id of the project that follows. */
  count: ({ detail }) => (detail ?? '').replace(/ into project \S+?(?=;|$)/, ' into a project'),
  code: ({ detail }) => (detail ?? 'unknown').replaceAll('_', ' '),
  operation: ({ detail }) =>
    (detail ?? 'do that').replace(/[A-Z]+/g, (capitals) => ` ${capitals.toLowerCase()}`),
  before: ({ detail }) => detail?.split(' to ')[0],
  after: ({ detail }) => h('strong', {}, detail?.split(' to ')[1]),
  role: ({ detail }) => detail?.split(' ').at(-1),
  fields: ({ detail }) => fieldsIn(detail),
  network: ({ detail }) => h('code', {}, detail?.split(' ')[0].replace(/\/(32|128)$/, '')),
  until: ({ detail }) => {
    const until = detail?.split(' until ')[1]
    return until ? ` until ${formatDateTime(until)}` : null
  }
}

/** Whoever did it, by today's name. What they were called then is left of a deleted account. */
function actorNode({ actor_id, actor_name, request_id }, setFilter) {
  if (actor_id === null) {
    const isSystem = request_id?.startsWith('system:')
    return h('strong', {}, actor_name ?? (isSystem ? 'Tasklane' : 'Somebody'))
  }
  const name = personNode(actor_id, { isFirst: true, fallback: actor_name ?? undefined })
  const onclick = () => setFilter({ actor_id })
  return h(
    'button',
    { type: 'button', class: 'link strong', onclick },
    nameHint('Only events of '),
    name
  )
}

const aboutButton = (name, subject_id, setFilter) =>
  h(
    'button',
    { type: 'button', class: 'link strong', onclick: () => setFilter({ subject_id }) },
    nameHint('Only events about '),
    name
  )

const nameHint = (text) => h('span', { class: 'visually-hidden' }, text)

function personIn(detail, index) {
  const id = detail?.match(ID)?.[index]
  return id ? h('strong', {}, personNode(id)) : 'somebody'
}

/** Whom or what somebody wanted to do something to, where it has a name. */
function aboutWhat({ action, subject_type, subject_id }, setFilter) {
  if (subject_id === null) {
    return null
  }
  const nodes = {
    user: () => aboutButton(personNode(subject_id), subject_id, setFilter),
    project: () => projectLink(action, subject_id),
    task: () => taskLink(action, subject_id)
  }
  return nodes[subject_type] ? [': ', nodes[subject_type]()] : null
}

/** What is in the trash has no page. */
const isGone = (action) => /\.(deleted|purged)$/.test(action) && !action.startsWith('comment.')

function projectLink(action, id) {
  if (isGone(action) || id === null) {
    return 'a project'
  }
  return ['the project ', h('a', { href: projectHash({ id }) }, projectNode(id))]
}

/** A task, by its title as soon as that is known. */
function taskLink(action, id) {
  if (isGone(action) || id === null) {
    return 'a task'
  }
  const node = h('a', { href: hashOf(`/tasks/${id}`) }, 'a task')
  titleOf(id).then((title) => title !== null && replace(node, `“${title}”`))
  return node
}

/** They follow from a due date and a status. */
const DERIVED = ['all_day', 'completed_at', 'completed_by']

function fieldsIn(detail) {
  const fields = detail?.split(', ') ?? []
  const told = fields.filter((field) => !DERIVED.includes(field))
  const names = (told.length > 0 ? told : fields).map((field) =>
    field.replace(/_id$/, '').replaceAll('_', ' ')
  )
  return names.length > 0 ? new Intl.ListFormat('en-GB').format(names) : 'details'
}
