import { RESERVED } from './keywords.ts'
import type { Report, Schema } from './types.ts'

/** Keywords that some generator turns into broken or ugly code. */
const FORBIDDEN = [
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'discriminator',
  'prefixItems',
  'patternProperties',
  'if',
  'then',
  'else',
  'uniqueItems',
  'readOnly',
  'writeOnly',
  'const',
  'contains',
  'propertyNames',
  'dependentRequired',
  'dependentSchemas',
  'unevaluatedProperties',
  'unevaluatedItems',
  '$id',
  '$defs',
  '$anchor',
  'definitions',
  'x-hint',
  'x-moment',
  'x-visible'
]
const FORMATS = [
  'uuid',
  'date-time',
  'date',
  'email',
  'uri',
  'int32',
  'int64',
  'double',
  'binary',
  'password'
]
const SCALARS = ['string', 'integer', 'number', 'boolean']
/**
 * What ECMAScript, RE2, Python and Ruby do not all read: look-around, back-references, Unicode classes, named groups,
 * escapes of one dialect, escapes above \x7f.
 */
const DIALECT = /\(\?(?!:)|\\[pPkuGZz]|\\[1-9]|\\x[89a-fA-F]|[*+?}]\+/
export const SNAKE = /^[a-z][a-z0-9_]*$/
/** A scope of an API key has a colon. */
const ENUM_VALUE = /^[a-z][a-z0-9_]*([:.][a-z][a-z0-9_]*)?$/
/** What another field says the kind of; clients read it as the component that this names. */
const FREE_FORM = new Set(['Change.data'])

/** Reports what generators cannot handle in a schema. Only a `named` one, a component, may be an object or enum. */
export function lintSchema(
  schema: Schema,
  place: string,
  report: Report,
  { named = false, described = false, is30 = false } = {}
): void {
  if (schema.$ref !== undefined) {
    report(place, 'has keywords beside $ref, which are dropped', Object.keys(schema).length > 1)
    return
  }
  lintKeywords(schema, place, report, { described, is30 })
  const [type = ''] = [schema.type ?? []].flat()
  if (schema.enum) {
    lintEnum(schema, place, report, named)
  } else if (type === 'object') {
    lintObject(schema, place, report, { named, is30 })
  } else if (type === 'array') {
    lintArray(schema, place, report, is30)
  } else if (type === 'string') {
    lintString(schema, place, report)
  } else if (type === 'integer' || type === 'number') {
    lintNumber(schema, type, place, report)
  }
}

function lintKeywords(
  schema: Schema,
  place: string,
  report: Report,
  { described, is30 }: { described: boolean; is30: boolean }
): void {
  const types = [schema.type ?? []].flat()
  const [type = ''] = types
  for (const keyword of [...FORBIDDEN, ...(is30 ? ['examples'] : ['nullable', 'example'])]) {
    report(place, `uses ${keyword}`, keyword in schema)
  }
  report(place, 'has no description', described && !schema.description)
  report(place, 'has no type', types.length === 0 && !FREE_FORM.has(place))
  report(place, 'has a list of types, which 3.0 does not know', is30 && Array.isArray(schema.type))
  if (types.length > 1) {
    lintNullable(schema, types, place, report)
  }
  if (is30 && schema.nullable !== undefined) {
    lintNullable(schema, schema.nullable === true ? [type, 'null'] : [], place, report)
  }
  report(
    place,
    `has the unknown format ${schema.format}`,
    schema.format !== undefined && !FORMATS.includes(String(schema.format))
  )
}

function lintNullable(schema: Schema, types: string[], place: string, report: Report): void {
  report(
    place,
    'is nullable without being one scalar',
    types.length !== 2 || types[1] !== 'null' || !SCALARS.includes(types[0] as string)
  )
  report(place, 'is a nullable enum', schema.enum)
}

function lintEnum(schema: Schema, place: string, report: Report, named: boolean): void {
  report(place, 'is an inline enum', !named)
  report(place, 'is an enum of something else than strings', schema.type !== 'string')
  for (const value of schema.enum ?? []) {
    report(
      place,
      `has the enum value ${JSON.stringify(value)}`,
      typeof value !== 'string' || !ENUM_VALUE.test(value)
    )
  }
}

function lintObject(
  schema: Schema,
  place: string,
  report: Report,
  { named, is30 }: { named: boolean; is30: boolean }
): void {
  report(place, 'is an inline object', !named)
  report(
    place,
    'is an object without properties',
    !schema.properties || Object.keys(schema.properties).length === 0
  )
  const alike = new Set<string>()
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const key = name.toLowerCase().replaceAll('_', '')
    report(`${place}.${name}`, 'is not snake_case', !SNAKE.test(name))
    report(`${place}.${name}`, 'is a keyword of some language', RESERVED.has(name))
    report(
      `${place}.${name}`,
      'differs from another name only by case or underscore',
      alike.has(key)
    )
    alike.add(key)
    lintSchema(property, `${place}.${name}`, report, { described: true, is30 })
  }
  for (const name of schema.required ?? []) {
    report(`${place}.${name}`, 'is required but not declared', !schema.properties?.[name])
  }
}

function lintArray(schema: Schema, place: string, report: Report, is30: boolean): void {
  report(place, 'is an unbounded array', typeof schema.maxItems !== 'number')
  if (!schema.items || typeof schema.items !== 'object' || Array.isArray(schema.items)) {
    report(place, 'does not say what it is a list of')
  } else {
    lintSchema(schema.items, `${place}[]`, report, { is30 })
  }
}

function lintString({ maxLength, format, pattern }: Schema, place: string, report: Report): void {
  if (format === 'binary') {
    return
  }
  report(place, 'is an unbounded string', typeof maxLength !== 'number')
  report(
    place,
    'is a string without format or pattern',
    format === undefined && pattern === undefined
  )
  report(
    place,
    'is a string without format or pattern',
    format === 'password' && pattern === undefined
  )
  report(
    place,
    'has a pattern that not every language reads',
    typeof pattern === 'string' && DIALECT.test(pattern)
  )
}

function lintNumber(
  { format, minimum, maximum }: Schema,
  type: string,
  place: string,
  report: Report
): void {
  report(
    place,
    `is a bare ${type}`,
    !(type === 'integer' ? ['int32', 'int64'] : ['double']).includes(String(format))
  )
  report(
    place,
    `is an unbounded ${type}`,
    typeof minimum !== 'number' || typeof maximum !== 'number'
  )
}
