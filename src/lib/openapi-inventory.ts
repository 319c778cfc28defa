type Node = Record<string, unknown> & { responses?: Parts; properties?: Parts }
type Parts = Record<string, Node>

const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'])

/**
 * Lists what a generated client is made of, one line each: operations with their parameters, bodies and responses,
 * components, properties, and what is required.
 */
export function inventory(document: Node): string[] {
  const { schemas = {}, ...others } = (document.components ?? {}) as Record<string, Parts>
  return [
    ...Object.entries((document.paths ?? {}) as Record<string, Parts>).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([method]) => METHODS.has(method))
        .flatMap(([method, operation]) => operationParts(`${method} ${path}`, operation))
    ),
    ...Object.entries(others).flatMap(([kind, parts]) =>
      Object.keys(parts).map((name) => `${kind} ${name}`)
    ),
    ...Object.entries(schemas).flatMap(([name, schema]) => schemaParts(name, schema))
  ]
}

function operationParts(place: string, operation: Node): string[] {
  const parameters = (operation.parameters ?? []) as Node[]
  const responses = operation.responses ?? {}
  const body = operation.requestBody as { content?: Node } | undefined
  return [
    `${place} is ${operation.operationId}`,
    ...parameters.map(
      (p) => `${place} takes ${p.in} ${p.name ?? p.$ref}${p.required ? ', required' : ''}`
    ),
    ...Object.keys(body?.content ?? {}).map((type) => `${place} takes ${type}`),
    ...Object.entries(responses).flatMap(([status, { content }]) => [
      `${place} returns ${status}`,
      ...Object.keys(content ?? {}).map((type) => `${place} returns ${status} ${type}`)
    ])
  ]
}

function schemaParts(place: string, schema: Node): string[] {
  const properties = schema.properties ?? {}
  return [
    `schema ${place}`,
    ...((schema.required ?? []) as string[]).map((name) => `${place} requires ${name}`),
    ...Object.entries(properties).flatMap(([name, property]) =>
      schemaParts(`${place}.${name}`, property)
    )
  ]
}
