import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { logOut } from '../../lib/log-in.js'
import { button } from '../../ui/button.js'
import { confirm } from '../../ui/dialog.js'
import { field, form } from '../../ui/form.js'
import { actions, muted, panel } from '../../ui/page.js'
import { toast, toastProblem } from '../../ui/toast.js'

/** Lets the user delete all tasks, or the account with everything in it. */
export const dangerZone = () =>
  panel(
    'Danger zone',
    h(
      'div',
      { class: 'stack' },
      muted(
        'Move all your tasks to the trash. You can restore each one until it is deleted for good.'
      ),
      actions(button('Move all tasks to the trash', deleteAllTasks)),
      muted('Delete your account with its tasks, sessions and API keys. You cannot undo this.'),
      deleteAccountForm()
    )
  )

function deleteAccountForm() {
  const password = field({
    label: 'Your password',
    name: 'password',
    type: 'password',
    autocomplete: 'current-password'
  })
  const submit = async () => {
    const isConfirmed = await confirm({
      title: 'Delete your account?',
      text: 'This deletes your tasks, sessions and API keys, too. You cannot undo this.',
      confirmLabel: 'Delete permanently'
    })
    if (!isConfirmed) {
      return
    }
    await call('DELETE', '/me', { body: { password: password.input.value }, retry: false })
    await logOut().catch(() => {})
    toast('Account deleted.')
  }
  return form({
    fields: [password],
    submitLabel: 'Delete my account',
    isDangerous: true,
    submit
  }).node
}

async function deleteAllTasks() {
  const isConfirmed = await confirm({
    title: 'Move all your tasks to the trash?',
    text: 'You can restore them one by one until they are deleted for good.',
    confirmLabel: 'Move all to the trash'
  })
  if (!isConfirmed) {
    return
  }
  try {
    const { deleted } = await call('DELETE', '/tasks', {
      query: { confirm: 'all' },
      timeoutMs: 0
    })
    toast(`Moved ${deleted.toLocaleString()} ${deleted === 1 ? 'task' : 'tasks'} to the trash.`)
  } catch (error) {
    toastProblem('Not all tasks were moved to the trash.', error)
  }
}
