import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { idempotentSubmit } from '../../lib/idempotency.js'
import { findPeople } from '../../lib/people.js'
import { form } from '../../ui/form.js'
import { panel } from '../../ui/page.js'
import { personPicker } from '../../ui/person-picker.js'
import { showSecretLink } from '../../ui/secret-link.js'
import { toast } from '../../ui/toast.js'
import { roleField } from './roles.js'

/** The form that adds people whom the user sees and invites others. */
export function addPeoplePanel(project, { isMember, onAdded, onInvited }) {
  const person = personPicker({
    label: 'Name, username or email',
    name: 'person',
    fixed: [],
    takesText: true,
    offersMe: false,
    describe: ({ id }) => (isMember(id) ? 'belongs to the project' : null),
    maxlength: '254',
    hint: 'Choose somebody from the list to add them at once. Invite others by username or email.'
  })
  const role = roleField(project)
  const invite = idempotentSubmit((body, idempotencyKey) =>
    call('POST', `/projects/${project.id}/invitations`, { body, idempotencyKey })
  )
  const submit = async () => {
    if (person.value() === '') {
      const to = { ...whomOf(person.text()), role: role.input.value }
      await tellInvited(await invite(to).catch(pointAtPerson))
      onInvited()
    } else {
      await addMember(project, person, role.input.value)
      onAdded()
    }
    person.setValue('')
  }
  return panel(
    'Add people',
    form({
      fields: [person, role],
      layout: h('div', { class: 'columns' }, person.node, role.node),
      submitLabel: 'Add or invite',
      check: () =>
        person.value() === '' && person.text() === ''
          ? [[person, 'Choose somebody, or enter a username or an email.']]
          : [],
      submit
    }).node
  )
}

const whomOf = (text) => (text.includes('@') ? { email: text } : { username: text })

/** Throws an error about whom to invite as one of the field for it. */
function pointAtPerson(error) {
  error.errors = (error.errors ?? []).map((one) =>
    ['/username', '/email'].includes(one.pointer) ? { ...one, pointer: '/person' } : one
  )
  throw error
}

async function addMember(project, person, role) {
  const id = person.value()
  const name = person.input.value
  const { people } = await findPeople({ id: [id], project_id: project.id })
  if (people.length > 0) {
    toast(`${name} belongs to the project already. Change the role in the list.`)
    return
  }
  await call('PUT', `/projects/${project.id}/members/${id}`, { body: { role }, retry: true })
  toast(`${name} belongs to the project now.`)
}

async function tellInvited({ username, email, invitation_url }) {
  const whom = username ?? email
  if (invitation_url !== null) {
    await showSecretLink({
      title: `Link for ${whom}`,
      text:
        'Without an account, they create one with this link and join, within two weeks. With an account, they ' +
        'find the invitation when they log in. The link is not shown again.',
      url: invitation_url
    })
  } else if (email !== null && document.body.dataset.email === 'on') {
    toast(`${email} gets an email. With an account, they find the invitation when they log in.`)
  } else {
    toast(`${whom} finds the invitation when they log in.`)
  }
}
