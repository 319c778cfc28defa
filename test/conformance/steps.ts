/**
 * The steps of the journey that every generated client runs, in this order; each begins with its operation. A client
 * prints a line "ok STEP" after each, and the runner requires all of them.
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
  'getMe without token',
  'register guest',
  'createProject',
  'createProjectInvitation',
  'listMyInvitations',
  'acceptInvitation',
  'createTask in project',
  'createTaskComment',
  'updateTask by guest',
  'listTasks of project'
] as const
