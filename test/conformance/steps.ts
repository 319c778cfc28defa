/**
 * The story that every generated client tells, in this order and by these names: each begins with the operation it is
 * about. A journey prints a line for each step it has got through; the driver waits for all of them.
 */
export const STEPS = [
  'register',
  'login',
  'createToken',
  'createTask',
  'createTask replayed',
  'listTasks by cursor',
  'listTasks filtered',
  'updateTask',
  'updateTask stale',
  'deleteTask',
  'getTask deleted',
  'restoreTask',
  'createTaskImport',
  'getTaskImport',
  'createTask invalid',
  'getMe without token'
] as const
