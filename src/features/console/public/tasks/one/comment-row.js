import { call } from '../../lib/api.js'
import { h, replace } from '../../lib/dom.js'
import { markdownNode } from '../../lib/markdown.js'
import { isCurrentUser, personNode, personOf } from '../../lib/people.js'
import { isAborted } from '../../lib/problem.js'
import { knownProject, mayIn } from '../../lib/projects.js'
import { isAtLeast } from '../../lib/session.js'
import { formatDateTime, formatRelative } from '../../lib/time.js'
import { button, iconButton } from '../../ui/button.js'
import { confirm } from '../../ui/dialog.js'
import { unwatchForm, watchForm } from '../../ui/dirty-forms.js'
import { form } from '../../ui/form.js'
import { toastProblem } from '../../ui/toast.js'
import { commentField, submitByKey } from './comment-field.js'

/** Shows a comment; its author may edit it, and those who may moderate the task delete it. */
export function commentRow(comment, state, { mentionable, onRemoved }) {
  const row = h('li', { class: 'comment', 'data-id': comment.id })
  const show = (next) => {
    comment = next
    replace(row, head(), text(comment))
  }
  const head = () => {
    const mayAct = knownProject(state.task().project_id)?.archived !== true
    return h(
      'div',
      { class: 'comment-head' },
      h('strong', {}, personNode(comment.author_id, { isFirst: true, fallback: 'a deleted user' })),
      whenNode(comment),
      h(
        'div',
        { class: 'comment-actions' },
        mayAct &&
          isCurrentUser(comment.author_id) &&
          iconButton('edit', 'Edit this comment', edit, { title: 'Edit' }),
        mayAct &&
          mayDelete(comment, state.task()) &&
          iconButton('trash', 'Delete this comment', remove, {
            kind: 'icon-danger',
            title: 'Delete'
          })
      )
    )
  }
  const edit = () => {
    const close = (next) => {
      show(next)
      row.querySelector('button')?.focus()
    }
    const editor = editForm(comment, mentionable, close)
    replace(row, editor)
    editor.querySelector('textarea').focus()
  }
  const remove = () => deleteComment(comment, row, onRemoved)
  show(comment)
  return row
}

function whenNode({ created_at, edited_at }) {
  const text = `${formatRelative(created_at)}${edited_at ? ' (edited)' : ''}`
  const title = edited_at
    ? `${formatDateTime(created_at)}, edited ${formatDateTime(edited_at)}`
    : formatDateTime(created_at)
  return h('time', { datetime: created_at, title, class: 'muted' }, text)
}

/** The server decides; this hides what it would reject. */
function mayDelete({ author_id }, { owner_id, project_id }) {
  const project = project_id === null ? undefined : knownProject(project_id)
  return (
    isCurrentUser(author_id) ||
    isCurrentUser(owner_id) ||
    isAtLeast('manager') ||
    (project !== undefined && mayIn(project, 'admin'))
  )
}

/** The text of a comment; whom it mentions is shown by name. */
function text({ body, mentions }) {
  const node = h('div', { class: 'comment-body' })
  const show = (people) => {
    const byUsername = new Map(people.map((person) => [person.username?.toLowerCase(), person]))
    replace(node, markdownNode(body, { inText: (plain) => withNames(plain, byUsername) }))
  }
  show([])
  if (mentions.length > 0) {
    Promise.all(mentions.map(personOf)).then((people) => show(people.filter(Boolean)))
  }
  return node
}

const withNames = (text, byUsername) =>
  byUsername.size === 0
    ? text
    : text.split(/(@[A-Za-z0-9._-]{1,64})/).map((part) => {
        const name = part.startsWith('@') ? part.slice(1).toLowerCase() : ''
        const person = byUsername.get(name) ?? byUsername.get(name.replace(/[._-]+$/, ''))
        const rest = person ? part.slice(1 + person.username.length) : ''
        return person
          ? [
              h('span', { class: 'mention', title: person.username }, `@${person.display_name}`),
              rest
            ]
          : part
      })

function editForm(comment, mentionable, close) {
  const body = commentField(mentionable, { label: 'Comment', value: comment.body, rows: '4' })
  const text = () => body.input.value.trim()
  const isDirty = () => text() !== comment.body.trim()
  const leave = (next) => {
    unwatchForm(node)
    close(next)
  }
  const { node } = form({
    fields: [body],
    submitLabel: 'Save',
    kind: 'comment-form',
    moreButtons: button('Cancel', () => leave(comment)),
    check: () => (text() === '' ? [[body, 'Write something, or delete the comment.']] : []),
    submit: async () => {
      leave(isDirty() ? await saveComment(comment, text()) : comment)
    }
  })
  watchForm(node, isDirty)
  submitByKey(node)
  node.addEventListener('keydown', ({ key }) => key === 'Escape' && !isDirty() && leave(comment))
  return node
}

const saveComment = ({ task_id, id, version }, body) =>
  call('PATCH', `/tasks/${task_id}/comments/${id}`, { body: { body }, version })

/** A deleted comment cannot come back, so it is asked for first. */
async function deleteComment({ task_id, id }, row, onRemoved) {
  const isSure = await confirm({
    title: 'Delete this comment?',
    text: 'It is deleted for good.',
    confirmLabel: 'Delete'
  })
  if (!isSure) {
    return
  }
  try {
    await call('DELETE', `/tasks/${task_id}/comments/${id}`)
    const neighbour = row.nextElementSibling ?? row.previousElementSibling
    row.remove()
    neighbour?.querySelector('button')?.focus()
    onRemoved()
  } catch (error) {
    if (!isAborted(error)) {
      toastProblem('The comment was not deleted.', error)
    }
  }
}
