import { h } from '../../lib/dom.js'
import { isAborted } from '../../lib/problem.js'
import { button, iconButton } from '../../ui/button.js'
import { unwatchForm, watchForm } from '../../ui/dirty-forms.js'
import { setPageTitle } from '../../ui/page.js'
import { accessTo } from '../access.js'
import { saveOrSay } from './state.js'

/** The title of a task with its checkbox; a click on the title, or its button, turns it into an input. */
export function taskHeading(state) {
  const checkbox = h('input', {
    type: 'checkbox',
    class: 'task-checkbox',
    onchange: () =>
      saveOrSay(state, { status: state.task().completed ? 'todo' : 'done' }).then(show)
  })
  const title = h('span', { class: 'title-text' })
  const edit = () => accessTo(state.task()) === 'edit' && startEditing(state, heading, pencil)
  title.addEventListener('click', edit)
  const pencil = iconButton('edit', 'Edit the title', edit, { title: 'Edit the title' })
  const heading = h('h1', { tabindex: '-1' }, title)
  const show = () => {
    const task = state.task()
    const access = accessTo(task)
    title.textContent = task.title
    title.classList.toggle('title-editable', access === 'edit')
    checkbox.checked = task.completed
    checkbox.indeterminate = task.status === 'in_progress'
    checkbox.disabled = access === 'read'
    checkbox.setAttribute('aria-label', `Done: ${task.title}`)
    pencil.hidden = access !== 'edit'
    heading.classList.toggle('title-done', task.completed)
    setPageTitle(task.title)
  }
  const node = h('div', { class: 'task-heading' }, checkbox, heading, pencil)
  state.watch(show)
  return { node, edit }
}

/** Puts an input in the place of the title until it is saved by Enter or left by Escape. */
function startEditing(state, heading, pencil) {
  if (heading.nextElementSibling?.matches('form')) {
    return
  }
  const seen = state.task()
  const close = () => {
    const hadFocus = form.contains(document.activeElement)
    unwatchForm(form)
    form.remove()
    heading.hidden = false
    if (hadFocus) {
      pencil.focus()
    }
  }
  const save = async (title) => {
    if (title !== seen.title) {
      await state.save({ title }, seen)
    }
    close()
  }
  const form = titleForm(seen.title, { save, close })
  heading.hidden = true
  heading.after(form)
  form.querySelector('input').focus()
}

function titleForm(before, { save, close }) {
  const input = h('input', {
    class: 'input',
    name: 'title',
    value: before,
    maxlength: '400',
    autocomplete: 'off',
    'aria-label': 'Title'
  })
  const error = h('p', { class: 'field-error', role: 'alert' })
  const title = () => input.value.trim()
  let isSaving = false
  const onsubmit = async (event) => {
    event.preventDefault()
    if (isSaving) {
      return
    }
    isSaving = true
    try {
      await save(title())
    } catch (problem) {
      if (!isAborted(problem)) {
        error.textContent = problem.errorAt?.('title')?.detail ?? problem.message
      }
    } finally {
      isSaving = false
    }
  }
  const onkeydown = ({ key }) => key === 'Escape' && close()
  const form = h(
    'form',
    { class: 'title-form', novalidate: true, onsubmit, onkeydown },
    input,
    h('button', { class: 'button button-primary' }, 'Save'),
    button('Cancel', close),
    error
  )
  watchForm(form, () => title() !== before)
  return form
}
