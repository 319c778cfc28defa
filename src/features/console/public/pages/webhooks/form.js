import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { idempotentSubmit } from '../../lib/idempotency.js'
import { loadProjects } from '../../lib/projects.js'
import { openDialog } from '../../ui/dialog.js'
import { field, form, select } from '../../ui/form.js'
import { showSecret } from '../../ui/show-secret.js'
import { toast } from '../../ui/toast.js'
import { typesField } from './types.js'

const NEW = { url: '', description: null, types: [], project_id: null }

/** Asks for a new webhook, creates it and shows its secret. Resolves to it, undefined when the user gives up. */
export async function createWebhook() {
  const create = idempotentSubmit((body, idempotencyKey) =>
    call('POST', '/webhooks', { body, idempotencyKey })
  )
  const created = await openForm('New webhook', 'Create webhook', NEW, create)
  if (created) {
    await showWebhookSecret(created, 'Your new webhook')
  }
  return created
}

/** Lets the user change a webhook. Resolves to it as it is then, undefined when the user gives up. */
export function editWebhook(webhook) {
  let seen = webhook
  const save = async (fields) => {
    const change = Object.fromEntries(
      Object.entries(fields).filter(
        ([name, value]) => JSON.stringify(value) !== JSON.stringify(webhook[name])
      )
    )
    if (Object.keys(change).length === 0) {
      return webhook
    }
    try {
      const { id, version } = seen
      const next = await call('PATCH', `/webhooks/${id}`, { body: change, version })
      toast('Webhook saved.')
      return next
    } catch (error) {
      if (error.code === 'stale_version') {
        seen = await call('GET', `/webhooks/${seen.id}`)
        error.message =
          'It was changed elsewhere meanwhile. Save again to replace what you changed.'
      }
      throw error
    }
  }
  return openForm('Edit webhook', 'Save', webhook, save)
}

/** Shows the secret of a webhook, which the server shows only once. */
export const showWebhookSecret = ({ secret }, title) =>
  showSecret({
    title,
    text: 'Copy the secret now. You cannot see it again. With it the receiver verifies what Tasklane sends.',
    what: 'Secret',
    noun: 'secret',
    secret
  })

function openForm(title, submitLabel, webhook, save) {
  return openDialog({
    title,
    kind: 'dialog-wide',
    body: (close) => {
      const { fields, values } = webhookFields(webhook)
      return form({
        fields,
        submitLabel,
        check: () => (values().url === '' ? [[fields[0], 'Enter a URL.']] : []),
        submit: async () => close(await save(values()))
      }).node
    }
  })
}

function webhookFields({ url, description, types, project_id }) {
  const urlField = field({
    label: 'URL',
    name: 'url',
    type: 'url',
    value: url,
    maxlength: '2048',
    hint: 'With https, at a host that is reachable from the internet.',
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    autofocus: true
  })
  const descriptionField = field({
    label: 'Description (optional)',
    name: 'description',
    value: description ?? '',
    maxlength: '200',
    autocomplete: 'off'
  })
  const project = field({
    label: 'Project',
    name: 'project_id',
    control: projectSelect(project_id)
  })
  const chosen = typesField(types)
  return {
    fields: [urlField, descriptionField, project, chosen],
    values: () => ({
      url: urlField.input.value.trim(),
      description: descriptionField.input.value.trim() || null,
      project_id: project.input.value || null,
      types: chosen.value()
    })
  }
}

function projectSelect(id) {
  const control = select(
    'project_id',
    [['', 'All tasks that you see'], ...(id ? [[id, '…']] : [])],
    { value: id ?? '' }
  )
  loadProjects().then((projects) => {
    for (const project of projects) {
      const option = [...control.options].find(({ value }) => value === project.id)
      if (option) {
        option.textContent = project.name
      } else {
        control.append(h('option', { value: project.id }, project.name))
      }
    }
    for (const option of control.options) {
      option.textContent = option.textContent === '…' ? 'A project you cannot see' : option.text
    }
  })
  return control
}
