import { call } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { idempotentSubmit } from '../lib/idempotency.js'
import { remember } from '../lib/undo.js'
import { button } from '../ui/button.js'
import { openDialog } from '../ui/dialog.js'
import { form } from '../ui/form.js'
import { toast } from '../ui/toast.js'
import { describeParts } from './quick-chips.js'

/** As many as a batch takes. */
export const MAX_LINES = 100
/** As long as titles and descriptions may be. */
const MAX_TITLE = 200
const MAX_DESCRIPTION = 10_000
/** What begins the lines of a list. */
const BULLET = /^\s*(?:[-*•+–]|\d{1,3}[.)])?\s*(?:\[[ xX]?\]\s*)?/

/** Returns the lines of a pasted text that would be tasks. */
export const linesOf = (text) =>
  text
    .split(/\r?\n/)
    .map((line) => line.replace(BULLET, '').trim())
    .filter((line) => line !== '')

/**
 * Shows the tasks that pasted lines would be, and adds them by one batch. Resolves to the new tasks, undefined when the
 * user closes the dialog. `fieldsOf(read)` are those of a task, and `found` says how many lines there were.
 */
export function pasteTasks(reads, { fieldsOf, found }) {
  const offered = reads.map(inLimits)
  const isCut = offered.length < found
  const create = idempotentSubmit((body, idempotencyKey) =>
    call('POST', '/task-batches', { body, idempotencyKey })
  )
  const label = `Add ${offered.length} tasks`
  return openDialog({
    title: label,
    kind: 'dialog-wide',
    body: (close) => [
      isCut &&
        h('p', {}, `These are the first ${MAX_LINES} of ${found} lines. For more, import a file.`),
      h(
        'ol',
        { class: 'paste-lines', tabindex: '0', 'aria-label': 'Tasks' },
        offered.map(lineNode)
      ),
      form({
        fields: [],
        submitLabel: label,
        moreButtons: button('Cancel', () => close()),
        submit: async () => {
          const operations = offered.map((read) => ({ op: 'create', data: fieldsOf(read) }))
          close(await added(await create({ operations })))
        }
      }).node
    ]
  })
}

/** A line that is too long for a title begins it, and is the description as a whole. */
function inLimits(read) {
  const characters = [...read.title]
  if (characters.length <= MAX_TITLE) {
    return read
  }
  const title = `${characters.slice(0, MAX_TITLE - 1).join('')}…`
  const description = characters.slice(0, MAX_DESCRIPTION).join('')
  return { ...read, title, fields: { ...read.fields, description } }
}

const lineNode = ({ title, parts }) =>
  h(
    'li',
    {},
    h('span', {}, title),
    parts.length > 0 && h('span', { class: 'muted' }, ` ${describeParts(parts)}`)
  )

/** Says how many were added, and offers to take all back at once. */
function added({ results }) {
  const count = `${results.length} tasks`
  const undo = remember({
    label: `${count} were added`,
    steps: results.map(({ id, version }) => ({ op: 'delete', id, version }))
  })
  toast(`Added ${count}.`, { undo })
  return results.map(({ task }) => task).filter(Boolean)
}
