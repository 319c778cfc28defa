import { call, newKey } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { isAborted } from '../lib/problem.js'
import { openDialog } from '../ui/dialog.js'
import { icon } from '../ui/icons.js'
import { toast, toastProblem } from '../ui/toast.js'
import { taskForm } from './task-form.js'

/**
 * The line that makes a task of what is typed. The row stands there at once, marked as not saved yet; its creation has a
 * key of its own, so that trying again never makes a second one. If it fails the words go back where they were typed.
 */
export function quickAdd({ list, added }) {
  const input = h('input', {
    class: 'input',
    name: 'new-task',
    'aria-label': 'Title of a new task',
    placeholder: 'Add a task',
    maxlength: '400',
    autocomplete: 'off'
  })
  const submit = async (event) => {
    event.preventDefault()
    const title = input.value.trim()
    if (title === '') {
      input.focus()
      return
    }
    input.value = ''
    const draft = h(
      'li',
      { class: 'task task-draft', 'aria-busy': 'true' },
      h('span', { class: 'tick-space' }),
      h(
        'div',
        { class: 'task-main' },
        h('p', { class: 'task-title' }, title),
        h('p', { class: 'task-facts' }, 'Saving…')
      )
    )
    list.prepend(draft)
    try {
      added(await call('POST', '/tasks', { body: { title }, key: newKey() }), draft)
    } catch (error) {
      draft.remove()
      if (input.value === '') {
        input.value = title
      }
      if (isAborted(error)) {
        return
      }
      toastProblem(`«${title}» is not saved.`, error)
      input.focus()
    }
  }
  const node = h(
    'form',
    { class: 'quick-add', onsubmit: submit },
    input,
    h('button', { class: 'button button-primary' }, icon('plus'), 'Add'),
    h(
      'button',
      {
        type: 'button',
        class: 'button',
        onclick: () => {
          const title = input.value
          input.value = ''
          newTask({
            title,
            added,
            back: () => {
              input.value = title
            }
          })
        }
      },
      'Details…'
    )
  )
  return { node, input }
}

/** A new task with everything it can hold. */
function newTask({ title, added, back }) {
  // One key for each form: pressing the button again after a failure is the same wish.
  const key = newKey()
  let sent
  return openDialog({
    title: 'New task',
    kind: 'dialog-wide',
    body: (close) =>
      taskForm(
        {},
        {
          act: 'Add the task',
          wish: title,
          cancel: () => {
            back()
            close()
          },
          save: async (fields) => {
            // A key belongs to what was sent with it: other words are another request.
            const text = JSON.stringify(fields)
            sent = sent?.text === text ? sent : { text, key: sent ? newKey() : key }
            added(await call('POST', '/tasks', { body: fields, key: sent.key }))
            close()
            toast('Added.')
          }
        }
      ).node
  })
}
