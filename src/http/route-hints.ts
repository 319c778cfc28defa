import { closest, distance } from 'fastest-levenshtein'
import { API_PREFIX } from './api-path.ts'

/** A longer path is nobody's typing error, and comparing it would cost time. */
const MAX_PATH_LENGTH = 100

/** Paths of other task services, without `/api` and version, and what they are called here. */
const FOREIGN_PATHS: Record<string, string> = Object.fromEntries(
  Object.entries({
    'POST /auth/register':
      'signup sign-up register auth/signup auth/sign-up users/register users/signup accounts',
    'POST /auth/login':
      'login signin sign-in auth/signin auth/sign-in users/login session sessions authenticate',
    'POST /auth/token': 'token oauth/token auth/jwt/create token/obtain',
    'POST /auth/refresh':
      'refresh token/refresh auth/token/refresh refresh-token auth/refresh-token',
    'POST /auth/logout': 'logout signout sign-out auth/signout users/logout',
    'POST /auth/forgot-password':
      'forgot forgot-password password/forgot auth/forgot password-reset request-reset',
    'POST /auth/verify-otp': 'verify-otp verify-code auth/verify-code otp/verify auth/verify',
    'POST /auth/reset-password': 'reset-password password/reset auth/reset',
    'GET /me': 'profile user users/me auth/me users/profile auth/user whoami account',
    'GET /tasks': 'todo todos items todo-items issues cards tasks/all tasks/list tasks/search',
    'POST /tasks': 'tasks/create tasks/new tasks/add',
    'GET /tasks/{task_id}': 'todos/{} todo/{} items/{} issues/{}',
    'PATCH /tasks/{task_id}': 'tasks/{}/complete tasks/{}/close tasks/{}/update tasks/{}/status',
    'POST /tasks/{task_id}/restore': 'tasks/{}/undelete tasks/{}/reopen',
    'GET /tasks/{task_id}/events': 'tasks/{}/history tasks/{}/activity',
    'POST /task-imports': 'import imports upload tasks/import tasks/upload tasks/csv upload-csv',
    'GET /task-exports/csv': 'export exports tasks/export',
    'GET /task-stats': 'stats tasks/stats statistics dashboard',
    'GET /admin/users': 'users',
    'GET /admin/audit-log': 'audit audit-log logs'
  }).flatMap(([target, paths]) => paths.split(' ').map((path) => [path, target]))
)
const DOCUMENTS: Record<string, string> = {
  ...named('/docs', 'swagger swagger-ui api-docs redoc docs/index.html'),
  ...named('/openapi.json', 'openapi swagger.json openapi.yaml schema'),
  ...named('/health/live', 'health healthz livez ping status up'),
  ...named('/health/ready', 'ready readyz health/readiness'),
  ...named('/app/', 'app/index.html console ui')
}
function named(target: string, paths: string): Record<string, string> {
  return Object.fromEntries(paths.split(' ').map((path) => [path, `GET ${target}`]))
}

const IS_ID = /^(\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{24}|\{.*\}|:.+)$/i

/** Takes off what differs between services: case, `/api`, a version, a slash at the end; an id becomes `{}`. */
const normalise = (path: string): string =>
  path
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/^\/+(api\/+)?(v\d+\/+)?/, '')
    .replace(/\/+$/, '')
    .split('/')
    .map((segment) => (IS_ID.test(segment) ? '{}' : segment))
    .join('/')

/** Finds a name that differs in a few letters: one of four, three at most. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const best = closest(name, known)
  return distance(name, best) <= Math.min(3, Math.ceil(name.length / 4)) ? best : undefined
}

/**
 * Returns a function that names the operation which an unknown path most probably means, such as
 * `POST /api/v1/auth/register` for `/api/signup`; undefined if there is none.
 *
 * @param methodsByPath the methods of each known path, parameters written as `{name}`
 */
export function routeHints(
  methodsByPath: ReadonlyMap<string, ReadonlySet<string>>
): (method: string, path: string) => string | undefined {
  const known = new Map([...methodsByPath.keys()].map((path) => [normalise(path), path]))
  const names = [...known.keys()].filter((name) => name !== '')
  const withMethod = (method: string, path: string): string => {
    const methods = methodsByPath.get(path)
    return `${methods?.has(method) ? method : [...(methods ?? ['GET'])][0]} ${path}`
  }
  return (method, path) => {
    if (path.length > MAX_PATH_LENGTH) {
      return undefined
    }
    const name = normalise(path)
    const exact = known.get(name)
    if (exact !== undefined) {
      return withMethod(method, exact)
    }
    const foreign = FOREIGN_PATHS[name]
    if (foreign !== undefined) {
      const [usual, target] = foreign.split(' ') as [string, string]
      const full = API_PREFIX + target
      return methodsByPath.get(full)?.has(method) ? `${method} ${full}` : `${usual} ${full}`
    }
    if (DOCUMENTS[name] !== undefined) {
      return DOCUMENTS[name]
    }
    const near = nearest(name, names)
    return near === undefined ? undefined : withMethod(method, known.get(near) as string)
  }
}
