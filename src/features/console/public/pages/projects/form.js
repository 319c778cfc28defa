import { call } from '../../lib/api.js'
import { h, newId } from '../../lib/dom.js'
import { idempotentSubmit } from '../../lib/idempotency.js'
import { forgetProjectList, rememberProject } from '../../lib/projects.js'
import { openDialog } from '../../ui/dialog.js'
import { field, form } from '../../ui/form.js'
import { projectDot } from '../../ui/project-dot.js'
import { toast } from '../../ui/toast.js'
import { changeProject } from './change.js'

const COLORS = [
  ['', 'None'],
  ['#2f6fde', 'Blue'],
  ['#1f8a8a', 'Teal'],
  ['#2c8a57', 'Green'],
  ['#c98a00', 'Yellow'],
  ['#c4622d', 'Orange'],
  ['#c23a31', 'Red'],
  ['#b0418f', 'Pink'],
  ['#7a54c7', 'Violet']
]

/** Asks for the details of a new project and creates it. Resolves to it, undefined when the user gives up. */
export function createProject() {
  const create = idempotentSubmit((body, idempotencyKey) =>
    call('POST', '/projects', { body, idempotencyKey })
  )
  const save = async (fields) => {
    const project = await create(withoutNull(fields))
    rememberProject(project)
    forgetProjectList()
    return project
  }
  return openForm('New project', 'Create project', {}, save)
}

/** Lets the user change a project. Resolves to it as it is then, undefined when the user gives up. */
export function editProject(project) {
  let seen = project
  const save = async (fields) => {
    const change = Object.fromEntries(
      Object.entries(fields).filter(([name, value]) => value !== seen[name])
    )
    if (Object.keys(change).length === 0) {
      return seen
    }
    try {
      const next = await changeProject(seen, change)
      toast('Project saved.')
      return next
    } catch (error) {
      if (error.current) {
        explainConflict(error, Object.keys(change))
        seen = error.current
      }
      throw error
    }
  }
  return openForm(`Edit “${project.name}”`, 'Save', project, save)
}

const withoutNull = (fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))

/** Says at each field what it is now. Saving once more replaces it. */
function explainConflict(error, fields) {
  error.errors = fields
    .filter((name) => name !== 'color')
    .map((name) => ({
      pointer: `/${name}`,
      detail: `Somebody changed this to “${error.current[name] ?? ''}”. Save again to replace it.`
    }))
}

function openForm(title, submitLabel, project, save) {
  return openDialog({
    title,
    body: (close) => {
      const { fields, values } = projectFields(project)
      return form({
        fields,
        submitLabel,
        check: () => (values().name === '' ? [[fields[0], 'Enter a name.']] : []),
        submit: async () => close(await save(values()))
      }).node
    }
  })
}

function projectFields({ name = '', description = null, color = null }) {
  const nameField = field({
    label: 'Name',
    name: 'name',
    value: name,
    maxlength: '200',
    autocomplete: 'off',
    autofocus: true
  })
  const descriptionField = field({
    label: 'Description (optional)',
    name: 'description',
    control: h('textarea', {
      class: 'input',
      name: 'description',
      rows: '3',
      maxlength: '5000',
      value: description ?? ''
    })
  })
  const colors = colorField(color)
  return {
    fields: [nameField, descriptionField, colors],
    values: () => ({
      name: nameField.input.value.trim(),
      description: descriptionField.input.value.trim() || null,
      color: colors.value()
    })
  }
}

/** Creates a choice of colours. One that another program chose stays among them. */
function colorField(color) {
  const group = newId('color')
  const isListed = COLORS.some(([value]) => value === (color ?? ''))
  const choices = isListed ? COLORS : [...COLORS, [color, `Current colour ${color}`]]
  const radio = ([value, label]) =>
    h(
      'label',
      { class: 'swatch-choice', title: label },
      h('input', {
        type: 'radio',
        name: group,
        value,
        checked: value === (color ?? ''),
        'aria-label': label
      }),
      value === '' ? label : projectDot(value)
    )
  const radios = choices.map(radio)
  const node = h(
    'fieldset',
    {},
    h('legend', {}, 'Colour'),
    h('div', { class: 'swatch-choices' }, radios)
  )
  const checked = () => node.querySelector('input:checked')
  return {
    name: 'color',
    node,
    input: node.querySelector('input'),
    setError: () => {},
    value: () => checked().value || null
  }
}
