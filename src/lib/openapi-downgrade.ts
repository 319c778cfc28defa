import { inventory } from './openapi-inventory.ts'

type Node = Record<string, unknown>

/** Keys whose value is a map from free names to nodes: what looks like a keyword in there is a name. */
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
/** Keys whose value is data, even if it looks like keywords. */
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
/** Keywords that OpenAPI 3.0 lacks and that mean nothing to a client. */
const DROPPED = new Set(['webhooks', 'jsonSchemaDialect', '$id', '$schema', '$defs', '$comment'])
/** Keywords of JSON Schema 2020-12 without an equivalent in OpenAPI 3.0. */
const UNSUPPORTED = new Set([
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
/**
 * Converts the contract to OpenAPI 3.0.3, for generators that do not support 3.1. Throws when the document uses
 * something that 3.0 lacks, or when the conversion loses something; the message names each place.
 */
export function toOpenApi30<D extends object>(given: D): D {
  const document = withoutWebhooks(given as Node) as D
  const converted = convert(document) as Node
  converted.openapi = '3.0.3'
  delete (converted.info as Node | undefined)?.summary
  const present = new Set(inventory(converted))
  const faults = [
    ...unsupportedKeywords(converted, ''),
    ...inventory(document as Node)
      .filter((part) => !present.has(part))
      .map((part) => `${part} is lost`)
  ]
  if (faults.length > 0) {
    throw new Error(`This contract cannot be expressed in OpenAPI 3.0:\n${faults.join('\n')}`)
  }
  return converted as D
}

/** Leaves out what OpenAPI 3.0 has no place for: webhooks, and the components that only they refer to. */
function withoutWebhooks({ webhooks, ...document }: Node): Node {
  if (webhooks === undefined) {
    return document
  }
  const { schemas, ...others } = document.components as Node & { schemas: Node }
  const elsewhere = referredTo({ ...document, components: others }, schemas)
  const unused = referredTo(webhooks, schemas).difference(elsewhere)
  const kept = Object.entries(schemas).filter(([name]) => !unused.has(name))
  return { ...document, components: { ...others, schemas: Object.fromEntries(kept) } }
}

/** Returns the names of the components that a part refers to, directly or through others. */
function referredTo(part: unknown, schemas: Node): Set<string> {
  const found = new Set<string>()
  const visit = (node: unknown): void => {
    for (const [, name = ''] of JSON.stringify(node ?? null).matchAll(COMPONENT)) {
      if (!found.has(name)) {
        found.add(name)
        visit(schemas[name])
      }
    }
  }
  visit(part)
  return found
}

const COMPONENT = /"#\/components\/schemas\/(\w+)"/g

function convert(node: unknown): unknown {
  if (Array.isArray(node)) {
    return node.map(convert)
  }
  if (!isNode(node)) {
    return node
  }
  const members = Object.entries(node).filter(([key]) => !DROPPED.has(key))
  return Object.assign({}, ...members.map(([key, value]) => convertMember(key, value, node)))
}

type Rule = (value: unknown, node: Node) => Node | undefined

/** Replaces an exclusive bound, a number in 3.1, by a bound and a flag. */
const exclusiveBound =
  (bound: string, flag: string): Rule =>
  (value, node) =>
    typeof value === 'number' && !(bound in node) ? { [bound]: value, [flag]: true } : undefined

/** What replaces a keyword of JSON Schema 2020-12; undefined when it stays as it is. */
const RULES = new Map<string, Rule>([
  ['type', (value) => (Array.isArray(value) ? singleType(value) : undefined)],
  ['const', (value) => ({ enum: [value] })],
  ['examples', (value) => (Array.isArray(value) ? firstExample(value) : undefined)],
  ['exclusiveMinimum', exclusiveBound('minimum', 'exclusiveMinimum')],
  ['exclusiveMaximum', exclusiveBound('maximum', 'exclusiveMaximum')],
  ['contentMediaType', (_, node) => (node.type === 'string' ? { format: 'binary' } : undefined)],
  ['identifier', (value) => ({ url: `https://spdx.org/licenses/${value}.html` })]
])

function singleType(types: unknown[]): Node {
  const others = types.filter((type) => type !== 'null')
  return {
    type: others.length === 1 ? others[0] : others,
    ...(others.length < types.length && { nullable: true })
  }
}

const firstExample = (examples: unknown[]): Node =>
  examples.length > 0 ? { example: examples[0] } : {}

function convertMember(key: string, value: unknown, node: Node): Node {
  const replacement = RULES.get(key)?.(value, node)
  if (replacement) {
    return replacement
  }
  if (DATA.has(key)) {
    return { [key]: value }
  }
  return { [key]: isMap(key, value) ? convertMap(value) : convert(value) }
}

const convertMap = (parts: Node): Node =>
  Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, convert(part)]))

const isNode = (value: unknown): value is Node =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/**
 * Returns true for a map from names to nodes. `examples` and `parameters` are maps in some places and lists in others;
 * the parameters of a link are both a map and data.
 */
const isMap = (key: string, value: unknown): value is Node =>
  isNode(value) && (MAPS.has(key) || key === 'examples' || key === 'parameters')

/** Lists what OpenAPI 3.0 does not support, each with its place. */
function unsupportedKeywords(node: unknown, place: string): string[] {
  if (Array.isArray(node)) {
    return node.flatMap((inner, i) => unsupportedKeywords(inner, `${place}/${i}`))
  }
  if (!isNode(node)) {
    return []
  }
  const own = [
    ...Object.keys(node)
      .filter((key) => UNSUPPORTED.has(key))
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
        return Object.entries(value).flatMap(([name, part]) =>
          unsupportedKeywords(part, `${place}/${key}/${name}`)
        )
      }
      return unsupportedKeywords(value, `${place}/${key}`)
    })
  ]
}
