import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { idempotentSubmit } from '../../lib/idempotency.js'
import { findPeople } from '../../lib/people.js'
import { knownProject } from '../../lib/projects.js'
import { isMadeHere } from '../../lib/writes.js'
import { personOption } from '../../ui/completions.js'
import { unwatchForm, watchForm } from '../../ui/dirty-forms.js'
import { form } from '../../ui/form.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { keepLive } from '../../ui/keep-live.js'
import { panel } from '../../ui/page.js'
import { commentField, submitByKey } from './comment-field.js'
import { commentRow } from './comment-row.js'

const PAGE_SIZE = 50

/** What people say about a task, oldest first, with a form at the end. */
export function commentsPanel(state) {
  const { id } = state.task()
  // Names also of those who have left since, which the list needs at once.
  let people
  const list = infiniteList({
    noun: ['comment', 'comments'],
    list: h('ol', { class: 'comments', 'aria-label': 'Comments' }),
    load: async (cursor, signal, quietly) => {
      people ??= findPeople({ task_id: id, signal }).catch(() => undefined)
      await people
      const query = { limit: PAGE_SIZE, cursor }
      return call('GET', `/tasks/${id}/comments`, { query, signal, ...quietly })
    },
    keep: (node) => node.querySelector('form') !== null,
    row: (comment) => commentRow(comment, state, { mentionable, onRemoved: list.updateCount }),
    empty: () => null
  })
  const mentionable = mentionsIn(state)
  const live = keepLive(list, {
    concerns: ({ resource, data, ...change }) =>
      resource.type === 'comment' &&
      !isMadeHere(change) &&
      (data ? data.task_id === id : list.list.querySelector(`[data-id="${resource.id}"]`) !== null)
  })
  const add = commentForm(state, mentionable, (comment) => {
    list.list.append(commentRow(comment, state, { mentionable, onRemoved: list.updateCount }))
    list.updateCount()
  })
  state.watch(({ project_id }) => {
    add.node.hidden = knownProject(project_id)?.archived === true
  })
  list.reload()
  return {
    node: panel('Comments', list.node, add.node),
    focus: () => (add.node.hidden ? false : add.input.focus()),
    stop: () => {
      live.stop()
      list.stop()
    }
  }
}

/** Finds whom a text can mention: those of the project, or those who have to do with a personal task. */
const mentionsIn = (state) => async (q, signal) => {
  const { id, project_id } = state.task()
  const where = project_id === null ? { task_id: id } : { project_id }
  const { people } = await findPeople({ q, ...where, signal })
  return people.filter(({ username }) => username !== null).map(personOption)
}

function commentForm({ task }, mentionable, onAdded) {
  const create = idempotentSubmit((body, idempotencyKey) =>
    call('POST', `/tasks/${task().id}/comments`, { body, idempotencyKey })
  )
  const body = commentField(mentionable, { label: 'New comment' })
  const text = () => body.input.value.trim()
  const { node } = form({
    fields: [body],
    submitLabel: 'Comment',
    kind: 'comment-form',
    check: () => (text() === '' ? [[body, 'Write something first.']] : []),
    submit: async () => {
      onAdded(await create({ body: text() }))
      body.input.value = ''
      unwatchForm(node)
      body.input.focus()
    }
  })
  body.input.addEventListener('input', () => watchForm(node, () => text() !== ''))
  submitByKey(node)
  return { node, input: body.input }
}
