/** The types of changes that the stream names; a test holds the list against that of the server. */
export const CHANGE_TYPES = [
  'task.created',
  'task.updated',
  'task.moved',
  'task.deleted',
  'task.restored',
  'task.purged',
  'comment.created',
  'comment.updated',
  'comment.deleted',
  'project.created',
  'project.updated',
  'project.deleted',
  'project.restored',
  'member.added',
  'member.changed',
  'member.removed',
  'import.finished',
  'access.gained',
  'access.lost'
]
