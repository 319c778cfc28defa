export type Schema = Record<string, unknown> & {
  $ref?: string
  type?: string | string[]
  properties?: Record<string, Schema>
  items?: Schema
  required?: string[]
  enum?: unknown[]
}
export type Report = (place: string, fault: string) => void

/** The name of the component that a reference is to. */
export const nameOf = ($ref: string | undefined): string => $ref?.split('/').at(-1) ?? ''

/** What some generator, somewhere, turns into broken or ugly code. */
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
  'x-hint'
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
/** What ECMAScript, RE2, Python and Ruby do not all read: look-around, back-references, Unicode classes, named groups, escapes of one dialect, escapes above \x7f. */
const DIALECT = /\(\?(?!:)|\\[pPkuGZz]|\\[1-9]|\\x[89a-fA-F]|[*+?}]\+/
export const SNAKE = /^[a-z][a-z0-9_]*$/
/** Keywords of TypeScript, Python, Go, Java, Kotlin, Rust and C#: generators rename them, each in its own way. RFC 9457 fixes `type`, and `in` is as old as our problems. */
export const RESERVED = new Set(
  (
    'abstract and as assert async await base bool boolean break byte case catch chan char checked class const continue crate debugger decimal def default defer delegate delete do double dyn elif else enum ' +
    'event except explicit export extends extern fallthrough false final finally fixed float fn for foreach from func function global go goto if impl implements import instanceof int interface internal is lambda let lock long loop ' +
    'macro match mod move mut namespace native new nil none nonlocal not null object operator or out override package params pass private protected pub public raise range readonly ref return sealed select self short sizeof static ' +
    'strictfp string struct super switch synchronized this throw throws trait transient true try typeof uint union unsafe unsized use using val var virtual void volatile when where while with yield'
  ).split(' ')
)
/** A scope of an API key has a colon, as everybody's has. */
const ENUM_VALUE = /^[a-z][a-z0-9_]*(:[a-z][a-z0-9_]*)?$/

/** Reports whatever in a schema breaks the dialect. A `named` schema is a component; only those may be objects or enums. */
export function lintSchema(
  schema: Schema,
  place: string,
  report: Report,
  { named = false, described = false, is30 = false } = {}
): void {
  if (schema.$ref !== undefined) {
    if (Object.keys(schema).length > 1) {
      report(place, 'has keywords beside $ref, which are dropped')
    }
    return
  }
  const types = [schema.type ?? []].flat()
  const type = types[0] ?? ''
  for (const keyword of [...FORBIDDEN, ...(is30 ? ['examples'] : ['nullable', 'example'])]) {
    if (keyword in schema) {
      report(place, `uses ${keyword}`)
    }
  }
  if (described && !schema.description) {
    report(place, 'has no description')
  }
  if (types.length === 0) {
    report(place, 'has no type')
  }
  if (is30 && Array.isArray(schema.type)) {
    report(place, 'has a list of types, which 3.0 does not know')
  }
  if (types.length > 1) {
    walkNullable(schema, types, place, report)
  }
  if (is30 && schema.nullable !== undefined) {
    walkNullable(schema, schema.nullable === true ? [type, 'null'] : [], place, report)
  }
  if (schema.format !== undefined && !FORMATS.includes(String(schema.format))) {
    report(place, `has the unknown format ${schema.format}`)
  }
  if (schema.enum) {
    walkEnum(schema, place, report, named)
  } else if (type === 'object') {
    walkObject(schema, place, report, { named, is30 })
  } else if (type === 'array') {
    walkArray(schema, place, report, is30)
  } else if (type === 'string') {
    walkString(schema, place, report)
  } else if (type === 'integer' || type === 'number') {
    walkNumber(schema, type, place, report)
  }
}

function walkNullable(schema: Schema, types: string[], place: string, report: Report): void {
  if (types.length !== 2 || types[1] !== 'null' || !SCALARS.includes(types[0] as string)) {
    report(place, 'is nullable without being one scalar')
  }
  if (schema.enum) {
    report(place, 'is a nullable enum')
  }
}

function walkEnum(schema: Schema, place: string, report: Report, named: boolean): void {
  if (!named) {
    report(place, 'is an inline enum')
  }
  if (schema.type !== 'string') {
    report(place, 'is an enum of something else than strings')
  }
  for (const value of schema.enum ?? []) {
    if (typeof value !== 'string' || !ENUM_VALUE.test(value)) {
      report(place, `has the enum value ${JSON.stringify(value)}`)
    }
  }
}

function walkObject(
  schema: Schema,
  place: string,
  report: Report,
  { named, is30 }: { named: boolean; is30: boolean }
): void {
  if (!named) {
    report(place, 'is an inline object')
  }
  if (!schema.properties || Object.keys(schema.properties).length === 0) {
    report(place, 'is an object without properties')
  }
  const alike = new Set<string>()
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const key = name.toLowerCase().replaceAll('_', '')
    if (!SNAKE.test(name)) {
      report(`${place}.${name}`, 'is not snake_case')
    }
    if (RESERVED.has(name)) {
      report(`${place}.${name}`, 'is a keyword of some language')
    }
    if (alike.has(key)) {
      report(`${place}.${name}`, 'differs from another name only by case or underscore')
    }
    alike.add(key)
    lintSchema(property, `${place}.${name}`, report, { described: true, is30 })
  }
  for (const name of schema.required ?? []) {
    if (!schema.properties?.[name]) {
      report(`${place}.${name}`, 'is required but not declared')
    }
  }
}

function walkArray(schema: Schema, place: string, report: Report, is30: boolean): void {
  if (typeof schema.maxItems !== 'number') {
    report(place, 'is an unbounded array')
  }
  if (!schema.items || typeof schema.items !== 'object' || Array.isArray(schema.items)) {
    report(place, 'does not say what it is a list of')
  } else {
    lintSchema(schema.items, `${place}[]`, report, { is30 })
  }
}

function walkString({ maxLength, format, pattern }: Schema, place: string, report: Report): void {
  if (format === 'binary') {
    return
  }
  if (typeof maxLength !== 'number') {
    report(place, 'is an unbounded string')
  }
  if (format === undefined && pattern === undefined) {
    report(place, 'is a string without format or pattern')
  }
  if (format === 'password' && pattern === undefined) {
    report(place, 'is a string without format or pattern')
  }
  if (typeof pattern === 'string' && DIALECT.test(pattern)) {
    report(place, 'has a pattern that not every language reads')
  }
}

function walkNumber(
  { format, minimum, maximum }: Schema,
  type: string,
  place: string,
  report: Report
): void {
  if (!(type === 'integer' ? ['int32', 'int64'] : ['double']).includes(String(format))) {
    report(place, `is a bare ${type}`)
  }
  if (typeof minimum !== 'number' || typeof maximum !== 'number') {
    report(place, `is an unbounded ${type}`)
  }
}
