import type { Operation, RawDocument } from './document-types.ts'

interface Link {
  operationId: string
  parameters: Record<string, string>
  description: string
}

/**
 * Where an operation leads (OpenAPI links), read off the paths: what was made leads to everything that can be done with
 * it, what was read to its changes, what was deleted to its restoration, and a page to the next one.
 */
export function addLinks(paths: RawDocument['paths']): void {
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const [status = '', answer] =
        Object.entries(operation.responses).find(([status]) => /^2/.test(status)) ?? []
      const links = [...ahead(paths, path, method, status), ...nextPage(operation)]
      if (answer && links.length > 0) {
        answer.links = Object.fromEntries(
          links.map((link) => [
            link.operationId === operation.operationId ? 'nextPage' : link.operationId,
            link
          ])
        )
      }
    }
  }
}

function ahead(paths: RawDocument['paths'], path: string, method: string, status: string): Link[] {
  const isMade = method === 'post' && (status === '201' || status === '202')
  const item = isMade
    ? Object.keys(paths).find((other) => other.startsWith(`${path}/{`) && other.endsWith('}'))
    : path
  const name = /\{([^}]+)\}$/.exec(item ?? '')?.[1]
  if (item === undefined || name === undefined) {
    return []
  }
  const follows = (other: string, verb: string) => {
    if (isMade) {
      return other === item || other.startsWith(`${item}/`)
    }
    if (method === 'get') {
      return other === item && verb !== 'get'
    }
    return method === 'delete' && other === `${item}/restore`
  }
  const id = isMade ? '$response.body#/id' : `$request.path.${name}`
  return Object.entries(paths).flatMap(([other, methods]) =>
    Object.entries(methods)
      .filter(([verb]) => follows(other, verb))
      .map(([, target]) => ({
        operationId: target.operationId,
        parameters: { [name]: id },
        description: `Continue with ${target.operationId}.`
      }))
  )
}

function nextPage({ operationId, parameters = [] }: Operation): Link[] {
  if (!parameters.some(({ name }) => name === 'cursor')) {
    return []
  }
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
