import { call, newKey } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { fullTime, instantOf, localInput, sinceText } from '../lib/time.js'
import { confirm, openDialog } from '../ui/dialog.js'
import { emptyState, endless } from '../ui/endless.js'
import { field, form } from '../ui/form.js'
import { icon } from '../ui/icons.js'
import { panel } from '../ui/panel.js'
import { toast, toastProblem } from '../ui/toast.js'

const SCOPES = {
  'tasks:read': 'Read tasks',
  'tasks:write': 'Change tasks',
  'imports:read': 'See imports',
  'imports:write': 'Import files',
  'profile:read': 'Read your profile'
}
const DAY_MS = 86_400_000
const USUAL_DAYS = 90

/** Keys for programs. */
export function keysPanel() {
  const list = endless({
    counted: ['key', 'keys'],
    load: (cursor, signal) => call('GET', '/me/api-keys', { query: { cursor }, signal }),
    row: (key) => keyRow(key, list),
    empty: () =>
      emptyState(
        'No API keys',
        'A key lets a program act for you, with no more rights than you give it.'
      )
  })
  list.reload()
  return {
    stop: list.stop,
    node: panel(
      'API keys',
      list.node,
      h(
        'div',
        { class: 'actions' },
        h(
          'button',
          { type: 'button', class: 'button', onclick: () => make(list) },
          icon('key'),
          'Make a key'
        )
      )
    )
  }
}

function keyRow(key, list) {
  const isOver = new Date(key.expires_at) < new Date()
  const revoke = async () => {
    if (
      !(await confirm({
        title: `Revoke «${key.name}»?`,
        text: 'Programs that use it are refused from then on. This cannot be undone.',
        act: 'Revoke it'
      }))
    ) {
      return
    }
    try {
      await call('DELETE', `/me/api-keys/${key.id}`)
      row.remove()
      list.recount()
      toast('The key is revoked.')
    } catch (error) {
      toastProblem('The key is not revoked.', error)
    }
  }
  const row = h(
    'li',
    { class: 'row' },
    h(
      'div',
      { class: 'row-main' },
      h(
        'p',
        { class: 'row-title' },
        key.name,
        ' ',
        h('code', { class: 'muted' }, `${key.prefix}…`)
      ),
      h(
        'p',
        { class: 'row-facts' },
        key.scopes.map((scope) => h('span', { class: 'badge' }, SCOPES[scope] ?? scope)),
        h(
          'span',
          { class: isOver ? 'late-text' : '', title: fullTime(key.expires_at) },
          isOver ? 'Ran out ' : 'Runs out ',
          sinceText(key.expires_at)
        ),
        h('span', {}, key.last_used_at ? `Used ${sinceText(key.last_used_at)}` : 'Never used')
      )
    ),
    h(
      'div',
      { class: 'row-acts' },
      h(
        'button',
        {
          type: 'button',
          class: 'button button-small',
          onclick: revoke,
          'aria-label': `Revoke ${key.name}`
        },
        'Revoke'
      )
    )
  )
  return row
}

async function make(list) {
  const made = await openDialog({ title: 'Make an API key', body: makeForm })
  if (!made) {
    return
  }
  list.reload()
  await showOnce(made)
}

function makeForm(close) {
  const name = field({
    label: 'What is it for?',
    name: 'name',
    maxlength: '100',
    autocomplete: 'off',
    autofocus: true
  })
  const boxes = Object.entries(SCOPES).map(([scope, words]) =>
    h(
      'label',
      { class: 'check' },
      h('input', {
        type: 'checkbox',
        name: 'scopes',
        value: scope,
        checked: scope === 'tasks:read'
      }),
      words,
      h('code', { class: 'muted' }, scope)
    )
  )
  const fault = h('p', { class: 'fault', role: 'alert' })
  const scopes = {
    name: 'scopes',
    input: boxes[0].firstChild,
    say: (text) => {
      fault.textContent = text
    },
    node: h(
      'fieldset',
      {},
      h('legend', {}, 'What may it do?'),
      h('div', { class: 'checks' }, boxes),
      fault
    )
  }
  const chosen = () =>
    boxes
      .map((box) => box.firstChild)
      .filter((box) => box.checked)
      .map((box) => box.value)
  const until = field({
    label: 'Until when?',
    name: 'expires_at',
    type: 'datetime-local',
    value: localInput(new Date(Date.now() + USUAL_DAYS * DAY_MS).toISOString()),
    hint: 'At most a year ahead.'
  })
  let sent
  return form({
    fields: [name, scopes, until],
    act: 'Make the key',
    check: () => [
      ...(name.input.value.trim() === ''
        ? [[name, 'Give it a name, so that you know it again.']]
        : []),
      ...(chosen().length === 0 ? [[scopes, 'Choose one at least.']] : []),
      ...(until.input.value === '' ? [[until, 'A key needs an end.']] : [])
    ],
    submit: async () => {
      const body = {
        name: name.input.value.trim(),
        scopes: chosen(),
        expires_at: instantOf(until.input.value)
      }
      const text = JSON.stringify(body)
      sent = sent?.text === text ? sent : { text, key: newKey() }
      close(await call('POST', '/me/api-keys', { body, key: sent.key }))
    }
  }).node
}

/** The one time that a key is shown. */
function showOnce({ name, key }) {
  const text = h('output', { class: 'secret', tabindex: '0', 'aria-label': 'The key' }, key)
  const said = h('span', { role: 'status' })
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(key)
      said.textContent = 'Copied.'
    } catch {
      getSelection().selectAllChildren(text)
      said.textContent = 'Not allowed to copy; it is selected now, press Ctrl+C.'
    }
  }
  return openDialog({
    title: 'Your new key',
    kind: 'dialog-wide',
    closable: false,
    body: (close) => [
      h(
        'p',
        {},
        `This is «${name}». Keep it now: it is shown this once and cannot be shown again.`
      ),
      text,
      h(
        'div',
        { class: 'actions' },
        h(
          'button',
          { type: 'button', class: 'button button-primary', autofocus: true, onclick: copy },
          icon('copy'),
          'Copy'
        ),
        h('button', { type: 'button', class: 'button', onclick: () => close() }, 'I have kept it'),
        said
      )
    ]
  })
}
