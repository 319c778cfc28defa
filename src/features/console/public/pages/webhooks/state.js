import { h } from '../../lib/dom.js'
import { projectNode } from '../../lib/projects.js'
import { badge } from '../../ui/row.js'
import { reasonOf } from './change.js'

/** Shows whether a webhook is enabled. */
export const stateBadge = ({ enabled }) =>
  enabled ? badge('enabled', 'badge-accent') : badge('disabled', 'badge-warn')

/** Says why Tasklane disabled a webhook, if it did. */
export const reasonNode = (webhook) =>
  webhook.disabled_reason !== null &&
  h('p', { class: 'overdue-text' }, `Tasklane disabled it: ${reasonOf(webhook)}.`)

/** Says of which lists the changes are sent. */
export const projectOf = ({ project_id }) =>
  project_id === null ? 'All tasks that you see' : ['Only ', projectNode(project_id)]
