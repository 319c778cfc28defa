/**
 * What every action of the audit log is called in the filter, and the sentence that tells of an event: `{actor}` is
 * whoever did it, `{subject}` what it is about, and other braces are explained beside `partsOf` in audit-event.js.
 * `self` tells of what somebody does to themselves, `failed` and `refused` of an attempt, `nobody` of one of which it
 * is not known whom it is about.
 */
export const ACTIONS = {
  'user.logged_in': {
    label: 'Logged in',
    text: '{actor} logged in',
    failed: 'A log-in as {subject} failed: wrong password',
    nobody: 'A log-in failed: there is no such account',
    refused: '{subject} could not log in: the email is not confirmed'
  },
  'user.logged_out': { label: 'Logged out', text: '{actor} logged out' },
  'session.refreshed': {
    label: 'Session renewed',
    text: '{actor} stayed logged in',
    failed: 'A session of {subject} was not renewed: its token is no longer valid',
    nobody: 'A session was not renewed: its token is not valid'
  },
  'session.ended': { label: 'Session ended', text: '{actor} ended one of {their} sessions' },
  'session.reuse_detected': {
    label: 'Stolen session ended',
    text: 'A session of {subject} was ended: its token was used twice',
    failed: 'A session of {subject} was ended: its token was used twice'
  },
  'user.sessions_ended': {
    label: 'Sessions ended',
    text: '{actor} ended {sessions} of {subject}',
    self: '{actor} ended {sessions} elsewhere'
  },
  'access.refused': {
    label: 'Access refused',
    text: '{actor} was not allowed to {operation}{about}'
  },
  'user.registered': {
    label: 'Account registered',
    text: '{actor} created an account',
    failed: 'A registration failed: the name, email or invitation cannot be used',
    refused: 'A registration was refused: nobody can sign up without an invitation'
  },
  'user.created': {
    label: 'Account created',
    text: '{actor} created the account of {subject} with the role {detail}'
  },
  'user.profile_changed': {
    label: 'Profile changed',
    text: '{actor} changed the {fields} of {subject}',
    self: '{actor} changed {their} {fields}',
    failed: '{actor} could not change {their} profile: wrong password'
  },
  'user.role_changed': {
    label: 'Role changed',
    text: '{actor} changed the role of {subject} from {before} to {after}'
  },
  'user.disabled': { label: 'Account disabled', text: '{actor} disabled the account of {subject}' },
  'user.enabled': { label: 'Account enabled', text: '{actor} enabled the account of {subject}' },
  'user.deleted': {
    label: 'Account deleted',
    text: '{actor} deleted the account of {subject}',
    self: '{actor} deleted {their} account',
    failed: '{actor} could not delete {their} account: wrong password'
  },
  'user.password_changed': {
    label: 'Password changed',
    text: '{actor} changed {their} password',
    failed: '{actor} could not change {their} password: wrong password'
  },
  'user.password_link_created': {
    label: 'Password link created',
    text: '{actor} made a link for {subject} to set a password'
  },
  'user.reset_requested': {
    label: 'Password reset requested',
    text: 'Somebody asked to reset the password of {subject}',
    failed: 'Somebody asked to reset the password of an account that does not exist'
  },
  'user.reset_code_checked': {
    label: 'Reset code entered',
    text: 'Somebody entered the code to reset the password of {subject}',
    failed: 'Somebody entered a wrong code to reset a password'
  },
  'user.password_reset': {
    label: 'Password reset',
    text: 'The password of {subject} was reset',
    failed: 'A password was not reset: the code or link is not valid'
  },
  'user.verification_requested': {
    label: 'Email confirmation requested',
    text: 'Somebody asked to confirm the email of {subject}',
    failed: 'Somebody asked to confirm an email that nobody has'
  },
  'user.email_verified': {
    label: 'Email confirmed',
    text: '{actor} confirmed {their} email',
    failed: 'An email was not confirmed: the code is not valid'
  },
  'user.email_change_requested': {
    label: 'Email change requested',
    text: '{actor} asked to change {their} email',
    failed: '{actor} could not change {their} email: wrong password'
  },
  'user.email_changed': { label: 'Email changed', text: '{actor} changed {their} email' },
  'ip_ban.created': { label: 'Address banned', text: '{banner} banned {network}{until}' },
  'ip_ban.lifted': { label: 'Ban lifted', text: '{banner} lifted the ban of {network}' },
  'api_key.created': {
    label: 'API key created',
    text: '{actor} created an API key for {detail}',
    failed: '{actor} could not create an API key: wrong password'
  },
  'api_key.revoked': { label: 'API key revoked', text: '{actor} revoked an API key' },
  'invitation.created': { label: 'Person invited', text: '{actor} invited somebody as {detail}' },
  'invitation.accepted': { label: 'Invitation accepted', text: '{actor} accepted an invitation' },
  'invitation.withdrawn': { label: 'Invitation withdrawn', text: '{actor} withdrew an invitation' },
  'project.created': { label: 'Project created', text: '{actor} created {project}' },
  'project.updated': {
    label: 'Project changed',
    text: '{actor} changed the {fields} of {project}'
  },
  'project.deleted': { label: 'Project deleted', text: '{actor} moved {project} to the trash' },
  'project.restored': {
    label: 'Project restored',
    text: '{actor} brought {project} back from the trash'
  },
  'project.purged': { label: 'Project purged', text: '{actor} deleted {project} for good' },
  'project.transferred': {
    label: 'Project handed over',
    text: '{actor} handed {project} over from {person} to {other}'
  },
  'project_member.added': {
    label: 'Member added',
    text: '{actor} added {person} to {project} as {role}',
    self: '{actor} joined {project} as {role}'
  },
  'project_member.changed': {
    label: 'Member changed',
    text: '{actor} made {person} {role} of {project}'
  },
  'project_member.removed': {
    label: 'Member removed',
    text: '{actor} removed {person} from {project}',
    self: '{actor} left {project}'
  },
  'project_invitation.created': {
    label: 'Invited to a project',
    text: '{actor} invited somebody to {project} as {role}'
  },
  'project_invitation.accepted': {
    label: 'Invitation to a project accepted',
    text: '{actor} accepted an invitation to {project} as {role}'
  },
  'project_invitation.declined': {
    label: 'Invitation to a project declined',
    text: '{actor} declined an invitation to {project}'
  },
  'project_invitation.withdrawn': {
    label: 'Invitation to a project withdrawn',
    text: '{actor} withdrew an invitation to {project}'
  },
  'task.created': { label: 'Task created', text: '{actor} created {task}' },
  'task.updated': { label: 'Task changed', text: '{actor} changed the {fields} of {task}' },
  'task.moved': { label: 'Task moved', text: '{actor} moved {task} within its list' },
  'task.deleted': { label: 'Task deleted', text: '{actor} moved {task} to the trash' },
  'task.restored': { label: 'Task restored', text: '{actor} brought {task} back from the trash' },
  'task.purged': { label: 'Task purged', text: '{actor} deleted {task} for good' },
  'comment.created': { label: 'Comment written', text: '{actor} commented on {task}' },
  'comment.updated': { label: 'Comment changed', text: '{actor} changed a comment on {task}' },
  'comment.deleted': { label: 'Comment deleted', text: '{actor} deleted a comment on {task}' },
  'task_import.created': { label: 'Import started', text: '{actor} started an import: {count}' },
  'task_import.finished': {
    label: 'Import finished',
    text: 'An import of {actor} finished: {detail}',
    failed: 'An import of {actor} failed: {code}'
  },
  'task_import.cancelled': { label: 'Import cancelled', text: '{actor} cancelled an import' },
  'webhook.created': { label: 'Webhook created', text: '{actor} created a webhook' },
  'webhook.updated': {
    label: 'Webhook changed',
    text: '{actor} changed the {fields} of a webhook'
  },
  'webhook.deleted': { label: 'Webhook deleted', text: '{actor} deleted a webhook' },
  'webhook.secret_rotated': {
    label: 'Webhook secret changed',
    text: '{actor} changed the secret of a webhook'
  },
  'webhook.disabled': {
    label: 'Webhook disabled',
    text: 'Tasklane disabled a webhook: {code}'
  },
  'webhook.replayed': { label: 'Webhook replayed', text: '{actor} had a webhook send again' },
  'webhook.redelivered': {
    label: 'Webhook delivery repeated',
    text: '{actor} had a webhook send one delivery again'
  }
}

/** Returns the sentence that tells of an event, with braces around what names somebody or something. */
export function sentenceOf(event) {
  const { action, outcome, subject_id, detail } = event
  const known = ACTIONS[action]
  if (!known) {
    return detail ? '{actor}: {action} ({detail})' : '{actor}: {action}'
  }
  if (outcome !== 'succeeded' && known[outcome]) {
    return subject_id === null && known.nobody ? known.nobody : known[outcome]
  }
  return isAboutSelf(event) ? (known.self ?? known.text) : known.text
}

/** Tells whether the subject, or for projects the person that the detail begins with, is whoever did it. */
const isAboutSelf = ({ action, actor_id, subject_type, subject_id, detail }) =>
  actor_id !== null &&
  (subject_type === 'user'
    ? subject_id === actor_id
    : action.startsWith('project_member.') && detail?.startsWith(actor_id) === true)
