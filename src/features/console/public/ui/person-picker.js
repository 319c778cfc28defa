import { h, newId } from '../lib/dom.js'
import { findPeople, isCurrentUser, nameOf } from '../lib/people.js'
import { currentUser, isAtLeast } from '../lib/session.js'
import { combobox } from './combobox.js'
import { fieldError } from './form.js'

/**
 * Creates a field that chooses a person by name. `fixed` are the choices besides people, such as `['', 'Nobody']`, the
 * first of which an empty input stands for. `projectId()` limits the people to those of a project. With `takesText`
 * what is typed may also be somebody who is not found: `text()`. `onChange(value)` is called for each choice,
 * and `describe(person)` may return what to say of somebody beside their name.
 */
export function personPicker({
  label,
  name,
  value = '',
  fixed = [['', 'Nobody']],
  projectId = () => null,
  takesText = false,
  offersMe = true,
  hint,
  kind = 'field',
  onChange = () => {},
  describe = () => null,
  ...attributes
}) {
  const id = newId(name)
  const choose = (option) => {
    const isOther = option.value !== choice.get().value
    choice.show(option)
    setError('')
    if (isOther) {
      onChange(option.value)
    }
  }
  const leave = (text) => {
    if (text === '') {
      choose(optionOf(fixed[0] ?? NOBODY))
    } else if (!takesText) {
      choice.show(choice.get())
    }
  }
  const { node, input } = combobox({
    id,
    name,
    takesText,
    onChoose: choose,
    onLeave: leave,
    load: (text, signal) =>
      loadOptions({ text, signal, fixed, offersMe, takesText, describe, project_id: projectId() }),
    ...attributes
  })
  const { errorNode, setError } = fieldError(id, input)
  const hintNode = hint && h('p', { class: 'hint', id: `${id}-hint` }, hint)
  input.setAttribute('aria-describedby', [hintNode?.id, errorNode.id].filter(Boolean).join(' '))
  const choice = choiceIn(input, fixed, value)
  const isTyped = () => takesText && input.value.trim() !== choice.get().label
  return {
    name,
    input,
    setError,
    setValue: choice.setValue,
    value: () => (isTyped() ? '' : choice.get().value),
    text: () => (isTyped() ? input.value.trim() : ''),
    node: h('div', { class: kind }, h('label', { for: id }, label), node, hintNode, errorNode)
  }
}

/** Keeps what is chosen, and shows it in the input. */
function choiceIn(input, fixed, value) {
  let chosen
  const show = (option) => {
    chosen = option
    input.value = option.label ?? UNKNOWN
  }
  const setValue = async (next) => {
    const option = { value: next, label: labelOf(next, fixed) }
    show(option)
    if (option.label === undefined) {
      option.label = await nameOf(next)
      if (chosen === option && input.value === UNKNOWN) {
        show(option)
      }
    }
  }
  setValue(value)
  return { show, setValue, get: () => chosen }
}

/** What the input shows until the name of somebody is known. */
const UNKNOWN = '…'
const NOBODY = ['', '']

const optionOf = ([value, label]) => ({ value, label })

const labelOf = (value, fixed) =>
  [...fixed, NOBODY].find(([one]) => one === value)?.[1] ??
  (isCurrentUser(value) ? 'Me' : undefined)

async function loadOptions({ text, signal, fixed, offersMe, takesText, describe, project_id }) {
  const { people, hasMore } = await findPeople({ q: text, project_id, signal })
  const me = currentUser().id
  const isMember = people.some(({ id }) => id === me)
  // Managers see projects that they do not belong to, and cannot be assigned to tasks there.
  const mayBeMe = project_id === null || isMember || !isAtLeast('manager')
  const choices = [...fixed, ...(offersMe && mayBeMe ? [[me, 'Me']] : [])]
    .filter(([, label]) => label.toLowerCase().startsWith(text.toLowerCase()))
    .map(optionOf)
  const isOffered = (id) => choices.some(({ value }) => value === id)
  const options = [
    ...choices,
    ...people
      .filter(({ id }) => id !== me || (offersMe && text !== '' && !isOffered(me)))
      .map((person) => personOption(person, describe))
  ]
  return { options, note: noteFor(people, { text, hasMore, takesText, project_id }) }
}

const personOption = (person, describe) => ({
  value: person.id,
  label: isCurrentUser(person.id) ? 'Me' : person.display_name,
  detail: describe(person) ?? (person.username === person.display_name ? null : person.username)
})

function noteFor(people, { text, hasMore, takesText, project_id }) {
  if (hasMore) {
    return 'There are more: type the beginning of a name.'
  }
  if (people.some(({ id }) => !isCurrentUser(id))) {
    return ''
  }
  if (text === '') {
    return emptyNote(takesText, project_id)
  }
  if (takesText) {
    return 'Nobody whom you can see. Enter the whole username or email.'
  }
  return project_id === null
    ? 'Nobody whom you can see has a name that begins like this.'
    : 'No member of the project has a name that begins like this.'
}

/** What to do where there is nobody to choose. */
function emptyNote(takesText, project_id) {
  if (takesText) {
    return 'You see nobody yet. Enter a username or an email.'
  }
  return project_id === null
    ? 'Others appear here once you share a project with them.'
    : 'Nobody else belongs to the project yet.'
}
