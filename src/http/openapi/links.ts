import type { Operation, RawDocument } from './document-types.ts'

interface Link {
  operationId: string
  parameters: Record<string, string>
  description: string
}

/** True when the operation returns one page of a list. */
export const isPaged = ({ parameters = [], responses }: Operation): boolean =>
  parameters.some(({ name }) => name === 'cursor') &&
  responses?.['200']?.content?.['application/json'] !== undefined

/** The path of one item of a collection, if there is one: `/tasks` → `/tasks/{task_id}`. */
export const itemPathOf = (paths: RawDocument['paths'], path: string): string | undefined =>
  Object.keys(paths).find((other) => other.startsWith(`${path}/{`) && other.endsWith('}'))

/**
 * Adds OpenAPI links, derived from the paths: from a created resource to everything that can be done with it, from a
 * read one to its changes, from a deleted one to its restoration, and from a page to the next one.
 */
export function addLinks(paths: RawDocument['paths']): void {
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const [status = '', response] =
        Object.entries(operation.responses).find(([status]) => /^2/.test(status)) ?? []
      const links = [...nextSteps(paths, path, method, status), ...nextPage(operation)]
      if (response && links.length > 0) {
        response.links = Object.fromEntries(
          links.map((link) => [
            link.operationId === operation.operationId ? 'nextPage' : link.operationId,
            link
          ])
        )
      }
    }
  }
}

function nextSteps(
  paths: RawDocument['paths'],
  path: string,
  method: string,
  status: string
): Link[] {
  const isCreation = method === 'post' && (status === '201' || status === '202')
  const item = isCreation ? itemPathOf(paths, path) : path
  const name = /\{([^}]+)\}$/.exec(item ?? '')?.[1]
  if (item === undefined || name === undefined) {
    return []
  }
  const follows = (other: string, verb: string) => {
    if (isCreation) {
      // What takes a further id cannot be called with the response alone.
      return other === item || (other.startsWith(`${item}/`) && !other.includes('{', item.length))
    }
    if (method === 'get') {
      return other === item && verb !== 'get'
    }
    return method === 'delete' && other === `${item}/restore`
  }
  const parameters = {
    ...pathParameters(path),
    ...(isCreation && { [name]: '$response.body#/id' })
  }
  return Object.entries(paths).flatMap(([other, methods]) =>
    Object.entries(methods)
      .filter(([verb]) => follows(other, verb))
      .map(([, target]) => ({
        operationId: target.operationId,
        parameters,
        description: `Continue with ${target.operationId}.`
      }))
  )
}

const pathParameters = (path: string): Record<string, string> =>
  Object.fromEntries(
    [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => [name, `$request.path.${name}`])
  )

function nextPage(operation: Operation): Link[] {
  if (!isPaged(operation)) {
    return []
  }
  const { operationId, parameters = [] } = operation
  const path = Object.fromEntries(
    parameters.filter((p) => p.in === 'path').map(({ name }) => [name, `$request.path.${name}`])
  )
  return [
    {
      operationId,
      parameters: { ...path, cursor: '$response.body#/pagination/next_cursor' },
      description: 'The next page.'
    }
  ]
}
