import { call } from '../../lib/api.js'
import { displayName } from '../../lib/users.js'
import { confirm } from '../../ui/dialog.js'
import { showSecretLink } from '../../ui/secret-link.js'
import { toast, toastProblem } from '../../ui/toast.js'

/** Asks, then lets a user choose a new password with a link, which is sent or shown. */
export async function sendPasswordLink(user) {
  const name = displayName(user)
  const isConfirmed = await confirm({
    title: `Let “${name}” choose a new password?`,
    text: 'They get a link that works once, within a day. Until then their password stays the same.',
    confirmLabel: 'Create link'
  })
  if (!isConfirmed) {
    return
  }
  try {
    const { setup_url } = await call('POST', `/admin/users/${user.id}/password-reset`)
    if (setup_url === null) {
      toast(`“${name}” gets an email to choose a new password.`)
    } else {
      await showSecretLink({
        title: `Link for ${name}`,
        text: 'With this link they choose a new password, once, within a day. It is not shown again.',
        url: setup_url
      })
    }
  } catch (error) {
    toastProblem('The link could not be created.', error)
  }
}
