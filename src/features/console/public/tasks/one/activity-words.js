import { h } from '../../lib/dom.js'
import { personNode } from '../../lib/people.js'
import { projectNode } from '../../lib/projects.js'
import { formatDueInFull, toDate } from '../../lib/time.js'
import { PRIORITIES, STATUSES } from '../labels.js'

const EVENTS = {
  'task.created': 'created the task',
  'task.deleted': 'moved the task to the trash',
  'task.restored': 'restored the task from the trash'
}

/** Says in words what an event did: one sentence for each field that changed. */
export function wordsOf({ type, changes }) {
  if (EVENTS[type]) {
    return [[EVENTS[type]]]
  }
  const sentences = changes.flatMap((change) => {
    const words = (WORDS[change.field] ?? ANY)(change)
    return words ? [words] : []
  })
  if (sentences.length > 0) {
    return sentences
  }
  const isMoved = type === 'task.moved' || changes.some(({ field }) => field === 'position')
  return [[isMoved ? 'changed its place in the list' : 'changed the task']]
}

const strong = (text) => h('strong', {}, text)
const quote = (text) => h('q', {}, text)

/** Of an all-day task the day alone counts, which is stored as its end in UTC. */
const dueText = (iso) => formatDueInFull(iso.endsWith('T23:59:59.999Z') ? toDate(iso) : iso)

const ANY = ({ field }) => [`changed ${field.replaceAll('_', ' ')}`]
const WORDS = {
  title: ({ after }) => ['renamed it to ', quote(after)],
  description: ({ before, after }) => [
    (!before && 'wrote the description') ||
      (after ? 'changed the description' : 'removed the description')
  ],
  status: ({ after }) => ['moved it to ', strong(STATUSES[after] ?? after)],
  priority: ({ after }) => ['set the priority to ', strong(PRIORITIES[after] ?? after)],
  due_date: ({ after }) =>
    after ? ['set the due date to ', strong(dueText(after))] : ['removed the due date'],
  // The due date says whether it is a day.
  all_day: () => null,
  position: () => null,
  tags: tagWords,
  assignee_id: ({ after }) =>
    after ? ['assigned it to ', strong(personNode(after))] : ['unassigned it'],
  owner_id: ({ after }) => ['made ', strong(personNode(after)), ' the owner'],
  project_id: ({ after }) =>
    after
      ? ['moved it to the project ', strong(projectNode(after))]
      : ['took it out of its project'],
  parent_id: ({ after }) =>
    after ? ['made it a subtask of another task'] : ['moved it to the top level']
}

function tagWords({ before, after }) {
  const tagsOf = (text) => (text ? text.split('|') : [])
  const [old, now] = [tagsOf(before), tagsOf(after)]
  const added = now.filter((tag) => !old.includes(tag))
  const removed = old.filter((tag) => !now.includes(tag))
  const say = (verb, tags) =>
    tags.length > 0 && [
      `${verb} the ${tags.length === 1 ? 'tag' : 'tags'} `,
      strong(tags.join(', '))
    ]
  const words = [say('added', added), say('removed', removed)].filter(Boolean)
  if (words.length === 0) {
    return ['put the tags in another order']
  }
  return words.length === 2 ? [words[0], ' and ', words[1]] : words
}
