import { call } from '../../lib/api.js'
import { formatDateTime } from '../../lib/time.js'
import { confirm } from '../../ui/dialog.js'
import { toast, toastProblem } from '../../ui/toast.js'
import { showWebhookSecret } from './form.js'

const REASONS = {
  receiver_gone: 'its receiver says that it is gone (410)',
  receiver_failing: 'no attempt has succeeded for five days'
}

/** Says why Tasklane disabled a webhook. */
export const reasonOf = ({ disabled_reason }) => REASONS[disabled_reason] ?? disabled_reason

/** What a webhook is called. */
export const titleOf = ({ description, url }) => description ?? hostOf(url)

function hostOf(url) {
  try {
    return new URL(url).host
  } catch {
    return url
  }
}

/** Enables or disables a webhook. Returns it as it is then, undefined when it could not be changed. */
export async function setEnabled(webhook, enabled) {
  const name = titleOf(webhook)
  try {
    const next = await call('PATCH', `/webhooks/${webhook.id}`, { body: { enabled }, retry: true })
    toast(
      enabled
        ? `Enabled “${name}”. What happened meanwhile is sent now.`
        : `Disabled “${name}”. Nothing is sent until you enable it again.`
    )
    return next
  } catch (error) {
    toastProblem(`“${name}” could not be ${enabled ? 'enabled' : 'disabled'}.`, error)
    return undefined
  }
}

/** Asks, then deletes a webhook. Tells whether it is gone. */
export async function deleteWebhook(webhook) {
  const name = titleOf(webhook)
  const isConfirmed = await confirm({
    title: `Delete “${name}”?`,
    text: 'Nothing is sent to it any more, and its deliveries are deleted. You cannot undo this.',
    confirmLabel: 'Delete'
  })
  if (!isConfirmed) {
    return false
  }
  try {
    await call('DELETE', `/webhooks/${webhook.id}`)
    toast(`Deleted “${name}”.`)
    return true
  } catch (error) {
    toastProblem(`“${name}” could not be deleted.`, error)
    return false
  }
}

/** Asks, then gives a webhook another secret and shows it. Returns the webhook as it is then. */
export async function rotateSecret(webhook) {
  const name = titleOf(webhook)
  const { previous_secret_until: until } = webhook
  const isConfirmed = await confirm({
    title: `Replace the secret of “${name}”?`,
    text: until
      ? `The present secret ends at once. The one before it signs until ${formatDateTime(until)}.`
      : 'For 24 hours what is sent is signed with the old secret as well, so that you can change the receiver.',
    confirmLabel: 'Replace'
  })
  if (!isConfirmed) {
    return undefined
  }
  try {
    const next = await call('POST', `/webhooks/${webhook.id}/rotate-secret`)
    await showWebhookSecret(next, 'The new secret')
    return next
  } catch (error) {
    toastProblem(`The secret of “${name}” could not be replaced.`, error)
    return undefined
  }
}
