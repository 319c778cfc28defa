import { call } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { go } from '../lib/router.js'
import { setUser, start, user } from '../lib/session.js'
import { fullTime } from '../lib/time.js'
import { confirm } from '../ui/dialog.js'
import { field, form } from '../ui/form.js'
import { panel } from '../ui/panel.js'
import { passwordFields } from '../ui/password-fields.js'
import { toast, toastProblem } from '../ui/toast.js'
import { keysPanel } from './api-keys.js'
import { confirmLater } from './confirm.js'
import { sessionsPanel } from './sessions.js'

/** One's own account: profile, password, sessions, keys, and the way out. */
export function accountPage() {
  const sessions = sessionsPanel()
  const keys = keysPanel()
  return {
    title: 'Your account',
    node: h(
      'section',
      { class: 'page' },
      h('div', { class: 'page-head' }, h('h1', { tabindex: '-1' }, 'Your account')),
      h(
        'div',
        { class: 'panels' },
        h('div', { class: 'stack' }, profilePanel(), emailPanel()),
        passwordPanel()
      ),
      keys.node,
      sessions.node,
      dangerPanel()
    ),
    stop: () => {
      sessions.stop()
      keys.stop()
    }
  }
}

function profilePanel() {
  const before = user()
  const username = field({
    label: 'Username',
    name: 'username',
    value: before.username ?? '',
    autocomplete: 'username',
    autocapitalize: 'none',
    spellcheck: 'false',
    maxlength: '64'
  })
  const name = field({
    label: 'Name to show',
    name: 'name',
    value: before.name ?? '',
    autocomplete: 'name',
    maxlength: '100'
  })
  return panel(
    'Profile',
    h(
      'dl',
      { class: 'facts' },
      h('div', {}, h('dt', {}, 'Role'), h('dd', {}, before.role)),
      h('div', {}, h('dt', {}, 'Since'), h('dd', {}, fullTime(before.created_at))),
      h('div', {}, h('dt', {}, 'Id'), h('dd', {}, h('code', {}, before.id)))
    ),
    form({
      fields: [username, name],
      act: 'Save the profile',
      submit: async () => {
        const now = user()
        const change = {
          ...(username.input.value.trim() !== (now.username ?? '') && {
            username: username.input.value.trim()
          }),
          ...(name.input.value.trim() !== (now.name ?? '') && {
            name: name.input.value.trim() || null
          })
        }
        if (Object.keys(change).length > 0) {
          setUser(await call('PATCH', '/me', { body: change, repeat: true }))
        }
        toast('The profile is saved.')
      }
    }).node
  )
}

function emailPanel() {
  const { email, email_verified } = user()
  const isConfirming = document.body.dataset.verification !== 'off'
  const address = field({
    label: 'New email',
    name: 'email',
    type: 'email',
    autocomplete: 'email',
    hint: isConfirming ? 'It counts once the code that we send there comes back.' : null
  })
  const password = field({
    label: 'Your password',
    name: 'current_password',
    type: 'password',
    autocomplete: 'current-password'
  })
  return panel(
    'Email',
    h(
      'p',
      {},
      email ?? h('span', { class: 'muted' }, 'You have given none.'),
      ' ',
      email &&
        h(
          'span',
          { class: `badge ${email_verified ? 'badge-accent' : 'badge-warn'}` },
          email_verified ? 'confirmed' : 'not confirmed'
        )
    ),
    email &&
      !email_verified &&
      isConfirming &&
      h(
        'p',
        {},
        h(
          'button',
          {
            type: 'button',
            class: 'button button-small',
            onclick: () => {
              confirmLater(email)
              go('/confirm')
            }
          },
          'Confirm it with a code'
        )
      ),
    form({
      fields: [address, password],
      act: 'Change the email',
      submit: async () => {
        const wanted = address.input.value.trim()
        setUser(
          await call('PATCH', '/me', {
            body: { email: wanted, current_password: password.input.value }
          })
        )
        if (isConfirming) {
          confirmLater(wanted)
          go('/confirm')
        } else {
          toast('The email is changed.')
          go('/account')
        }
      }
    }).node
  )
}

function passwordPanel() {
  const current = field({
    label: 'Current password',
    name: 'current_password',
    type: 'password',
    autocomplete: 'current-password'
  })
  const next = passwordFields({
    name: 'new_password',
    label: 'New password',
    names: () => [user()?.username ?? '', user()?.email ?? '']
  })
  const made = form({
    fields: [current, ...next.fields],
    act: 'Change the password',
    check: () =>
      current.input.value === '' ? [[current, 'Type your current password.']] : next.check(),
    submit: async () => {
      await call('POST', '/me/password', {
        body: { current_password: current.input.value, new_password: next.value() }
      })
      made.node.reset()
      next.hint()
      toast('The new password counts. Every other session has ended.')
    }
  })
  return panel('Password', made.node)
}

function dangerPanel() {
  const password = field({
    label: 'Your password',
    name: 'password',
    type: 'password',
    autocomplete: 'current-password'
  })
  return panel(
    'The way out',
    h(
      'div',
      { class: 'stack' },
      h(
        'p',
        { class: 'muted' },
        'All your tasks can go into the trash at once, from where each can be restored for a while.'
      ),
      h(
        'div',
        { class: 'actions' },
        h(
          'button',
          { type: 'button', class: 'button', onclick: emptyTasks },
          'Put all my tasks into the trash'
        )
      ),
      h(
        'p',
        { class: 'muted' },
        'Deleting the account removes it for good, with its tasks, sessions and keys.'
      ),
      form({
        fields: [password],
        act: 'Delete my account',
        danger: true,
        submit: async () => {
          if (
            !(await confirm({
              title: 'Delete your account?',
              text: 'Your tasks, sessions and keys go with it. This cannot be undone.',
              act: 'Delete it for good'
            }))
          ) {
            return
          }
          await call('DELETE', '/me', { body: { password: password.input.value }, repeat: false })
          start(undefined)
          toast('The account is gone.')
        }
      }).node
    )
  )
}

async function emptyTasks() {
  if (
    !(await confirm({
      title: 'Put all your tasks into the trash?',
      text: 'Each can be restored from there, one by one, until it is purged.',
      act: 'Put all into the trash'
    }))
  ) {
    return
  }
  try {
    const { deleted } = await call('DELETE', '/tasks', { patience: 0 })
    toast(`${deleted.toLocaleString()} ${deleted === 1 ? 'task is' : 'tasks are'} in the trash.`)
  } catch (error) {
    toastProblem('Not all tasks are in the trash.', error)
  }
}
