type Node = Record<string, unknown>
type Parts = Record<string, Node>

/** Keys whose value is a map from names of the author's to nodes: what looks like a keyword in there is a name. */
const MAPS = new Set([
  'properties',
  'schemas',
  'responses',
  'headers',
  'links',
  'content',
  'paths',
  'securitySchemes',
  'requestBodies',
  'callbacks',
  'encoding',
  'variables'
])
/** Keys whose value is data, whatever it looks like. */
const DATA = new Set([
  'example',
  'default',
  'enum',
  'value',
  'security',
  'scopes',
  'mapping',
  'required',
  'tags'
])
/** OpenAPI 3.0 has no place for these, and nothing is lost without them. */
const DROPPED = new Set(['webhooks', 'jsonSchemaDialect', '$id', '$schema', '$defs', '$comment'])
/** What JSON Schema 2020-12 has and the schemas of OpenAPI 3.0 do not, nor anything that would mean the same. */
const UNKNOWN = new Set([
  ...DROPPED,
  'const',
  'contentMediaType',
  'contentEncoding',
  'contentSchema',
  '$anchor',
  '$dynamicRef',
  '$dynamicAnchor',
  'prefixItems',
  'patternProperties',
  'propertyNames',
  'if',
  'then',
  'else',
  'contains',
  'minContains',
  'maxContains',
  'dependentRequired',
  'dependentSchemas',
  'unevaluatedItems',
  'unevaluatedProperties',
  'pathItems',
  'identifier'
])
const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'])

/**
 * The same contract in OpenAPI 3.0.3, for generators that read no 3.1. Pure; throws, naming each place, when the
 * document says something that 3.0 cannot, or when anything went missing on the way.
 */
export function toOpenApi30<D extends object>(document: D): D {
  const twin = convert(document) as Node
  twin.openapi = '3.0.3'
  delete (twin.info as Node | undefined)?.summary
  const there = new Set(inventory(twin))
  const faults = [
    ...unsupportedKeywords(twin, ''),
    ...inventory(document as Node)
      .filter((part) => !there.has(part))
      .map((part) => `${part} went missing`)
  ]
  if (faults.length > 0) {
    throw new Error(`This contract cannot be told in OpenAPI 3.0:\n${faults.join('\n')}`)
  }
  return twin as D
}

function convert(node: unknown): unknown {
  if (Array.isArray(node)) {
    return node.map(convert)
  }
  if (!isNode(node)) {
    return node
  }
  const kept = Object.entries(node).filter(([key]) => !DROPPED.has(key))
  return Object.assign({}, ...kept.map(([key, value]) => rewritten(key, value, node)))
}

/** What one keyword of 2020-12 becomes; `type` decides about null, so it is the one that says `nullable`. */
function rewritten(key: string, value: unknown, node: Node): Node {
  if (key === 'type' && Array.isArray(value)) {
    const types = value.filter((type) => type !== 'null')
    return {
      type: types.length === 1 ? types[0] : types,
      ...(types.length < value.length && { nullable: true })
    }
  }
  if (key === 'const') {
    return { enum: [value] }
  }
  if (key === 'examples' && Array.isArray(value)) {
    return value.length > 0 ? { example: value[0] } : {}
  }
  if (key === 'exclusiveMinimum' && typeof value === 'number' && !('minimum' in node)) {
    return { minimum: value, exclusiveMinimum: true }
  }
  if (key === 'exclusiveMaximum' && typeof value === 'number' && !('maximum' in node)) {
    return { maximum: value, exclusiveMaximum: true }
  }
  if (key === 'contentMediaType' && node.type === 'string') {
    return { format: 'binary' }
  }
  if (key === 'identifier') {
    return { url: `https://spdx.org/licenses/${value}.html` }
  }
  return {
    [key]: DATA.has(key) ? value : isMap(key, value) ? mapped(value as Node) : convert(value)
  }
}

const isNode = (value: unknown): value is Node =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
/** Examples and parameters are maps in some places and lists in others; the parameters of a link are both a map and data. */
const isMap = (key: string, value: unknown): boolean =>
  isNode(value) && (MAPS.has(key) || key === 'examples' || key === 'parameters')
const mapped = (parts: Node): Node =>
  Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, convert(part)]))

/** Whatever is still there that only 3.1 knows, with its place. */
function unsupportedKeywords(node: unknown, place: string): string[] {
  if (Array.isArray(node)) {
    return node.flatMap((inner, i) => unsupportedKeywords(inner, `${place}/${i}`))
  }
  if (!isNode(node)) {
    return []
  }
  const own = [
    ...Object.keys(node)
      .filter((key) => UNKNOWN.has(key))
      .map((key) => `${place} has ${key}`),
    ...(Array.isArray(node.type) || node.type === 'null'
      ? [`${place} has the type ${JSON.stringify(node.type)}`]
      : []),
    ...['exclusiveMinimum', 'exclusiveMaximum']
      .filter((key) => typeof node[key] === 'number')
      .map((key) => `${place} has ${key} beside another bound`),
    ...(typeof node.items === 'boolean' ? [`${place} has a boolean for a schema`] : []),
    ...('$ref' in node && Object.keys(node).length > 1 ? [`${place} has keywords beside $ref`] : [])
  ]
  return [
    ...own,
    ...Object.entries(node).flatMap(([key, value]) => {
      if (DATA.has(key)) {
        return []
      }
      if (isMap(key, value)) {
        return Object.entries(value as Node).flatMap(([name, part]) =>
          unsupportedKeywords(part, `${place}/${key}/${name}`)
        )
      }
      return unsupportedKeywords(value, `${place}/${key}`)
    })
  ]
}

/** What a client is made of, a line for each: operations, their parameters, bodies and answers, components, properties, what is required. */
function inventory(document: Node): string[] {
  const { schemas = {}, ...others } = (document.components ?? {}) as Record<string, Parts>
  return [
    ...Object.entries((document.paths ?? {}) as Record<string, Parts>).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([method]) => METHODS.has(method))
        .flatMap(([method, operation]) => partsOf(`${method} ${path}`, operation))
    ),
    ...Object.entries(others).flatMap(([kind, parts]) =>
      isNode(parts) ? Object.keys(parts).map((name) => `${kind} ${name}`) : []
    ),
    ...Object.entries(schemas).flatMap(([name, schema]) => propertiesOf(name, schema))
  ]
}

function partsOf(place: string, operation: Node): string[] {
  const parameters = (operation.parameters ?? []) as Node[]
  const answers = Object.entries((operation.responses ?? {}) as Parts)
  const body = operation.requestBody as { content?: Node } | undefined
  return [
    `${place} is ${operation.operationId}`,
    ...parameters.map(
      (p) => `${place} takes ${p.in} ${p.name ?? p.$ref}${p.required ? ', required' : ''}`
    ),
    ...Object.keys(body?.content ?? {}).map((type) => `${place} takes ${type}`),
    ...answers.flatMap(([status, answer]) => [
      `${place} answers ${status}`,
      ...Object.keys((answer.content ?? {}) as Node).map(
        (type) => `${place} answers ${status} ${type}`
      )
    ])
  ]
}

function propertiesOf(place: string, schema: Node): string[] {
  const properties = Object.entries((schema.properties ?? {}) as Parts)
  return [
    `schema ${place}`,
    ...((schema.required ?? []) as string[]).map((name) => `${place} requires ${name}`),
    ...properties.flatMap(([name, property]) => propertiesOf(`${place}.${name}`, property))
  ]
}
