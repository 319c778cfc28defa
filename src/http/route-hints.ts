import { closest, distance } from 'fastest-levenshtein'

/** A longer path is nobody's typing error, and comparing it would cost time. */
const MAX_PATH_LENGTH = 100

/** An operation, such as `POST /api/v1/auth/register` → the paths that other services have for it, between blanks. */
export type ForeignPaths = Readonly<Record<string, string>>

export interface RouteHintOptions {
  /** The paths of the application, parameters written as `{name}`. */
  paths: readonly string[]
  /** Returns the methods of a path; undefined for one that is unknown. */
  methodsOf: (path: string) => ReadonlySet<string> | undefined
  foreignPaths: ForeignPaths
}

const IS_ID = /^(\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{24}|\{.*\}|:.+)$/i

/** Takes off what differs between services: case, `/api`, `/rest`, a version, a last slash; an id becomes `{}`. */
const normalize = (path: string): string =>
  path
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/^\/+(api\/+|rest\/+)*(v?\d+\/+)?/, '')
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
 * Returns a function that returns the method and path of the operation which an unknown path most probably means, such
 * as `POST` and `/api/v1/auth/register` for `/api/signup`; undefined if there is none.
 */
export function routeHints({
  paths,
  methodsOf,
  foreignPaths
}: RouteHintOptions): (method: string, path: string) => [method: string, path: string] | undefined {
  const known = new Map(paths.map((path) => [normalize(path), path]))
  // The root resembles nothing.
  known.delete('')
  const names = [...known.keys()]
  const foreign = new Map<string, string[]>()
  for (const [operation, theirs] of Object.entries(foreignPaths)) {
    for (const path of theirs.split(' ')) {
      foreign.set(path, [...(foreign.get(path) ?? []), operation])
    }
  }
  /** Of several operations the one with the same method, such as signing up for `POST /users`. */
  const translate = (method: string, name: string) => {
    const operations = foreign.get(name)
    return operations?.find((it) => it.startsWith(`${method} `)) ?? operations?.[0]
  }
  const find = (method: string, name: string) =>
    known.get(name) ?? translate(method, name) ?? known.get(nearest(name, names) ?? '')

  return (method, path) => {
    const found = path.length > MAX_PATH_LENGTH ? undefined : find(method, normalize(path))
    if (found === undefined) {
      return undefined
    }
    const [usual, target] = found.startsWith('/')
      ? [undefined, found]
      : (found.split(' ') as [string, string])
    const methods = methodsOf(target)
    return methods && [methods.has(method) ? method : (usual ?? [...methods][0] ?? 'GET'), target]
  }
}
