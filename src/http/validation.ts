import type { TSchema } from '@sinclair/typebox'
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import type { FastifySchemaValidationError } from 'fastify'
import { type FieldError, Problem } from '../core/problem.ts'
import { closestName } from '../lib/did-you-mean.ts'
import { isEmail } from '../lib/email.ts'
import { escapePointer } from '../lib/json-scan.ts'
import { isTimestamp } from '../lib/timestamp.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** As many as the contract promises at most; a body of a hundred thousand mistakes gets no longer an answer. */
const MAX_FAULTS = 1000

/** Longer than any text that the contract allows: `maxLength` has refused it, and a pattern need not walk through a megabyte. */
const MAX_MATCHED = 32_768
const regExp = Object.assign(
  (pattern: string, flags: string) => {
    const expression = new RegExp(pattern, flags)
    // Ajv tells patterns apart by their text.
    return {
      test: (text: string) => text.length > MAX_MATCHED || expression.test(text),
      toString: () => String(expression)
    }
  },
  { code: 'new RegExp' }
)

const options: Options = {
  code: { regExp },
  allErrors: true,
  removeAdditional: false,
  useDefaults: false,
  // The schema and the data beside each error let the refusal name the nearest known field.
  verbose: true,
  strict: false,
  // That ours are schemas is for the contract's checks to say; asking again was a sixth of every start.
  meta: false,
  validateSchema: false,
  formats: {
    uuid: UUID,
    email: isEmail,
    'date-time': { validate: isTimestamp },
    int32: true,
    int64: true,
    uri: true,
    password: true,
    binary: true
  }
}

type Values = Record<string, unknown>
interface Parameters {
  properties?: Record<string, { type?: string; format?: string; items?: { type?: string } }>
}

/**
 * Validators by the part of the request: a body is refused, never repaired; texts of path, query and headers become
 * the numbers and booleans that they spell. (Fastify's own default drops unknown fields and turns 5 into "5"; Ajv's
 * coercion takes "0x10" and " 5" for numbers and "" for null.) Each is compiled when it is first asked: a server that has
 * died and come back needs a few of a hundred at once.
 */
export function buildValidator(shared: Record<string, object>) {
  const ajv = new Ajv(options)
  for (const schema of Object.values(shared)) {
    ajv.addSchema(schema)
  }
  return ({ schema, httpPart }: { schema: TSchema; httpPart?: string }) => {
    if (httpPart === 'body' && isUpload(shared[schema.$ref as string] as Parameters)) {
      return () => true
    }
    let check: ValidateFunction | undefined
    return (given: unknown) => {
      check ??= ajv.compile(httpPart === 'headers' ? inLowerCase(schema) : schema)
      return (
        check(httpPart === 'body' ? given : spell(schema as Parameters, given as Values)) || {
          error: check.errors
        }
      )
    }
  }
}

/** A file is a stream, read and judged by its route. */
const isUpload = (schema: Parameters | undefined): boolean =>
  Object.values(schema?.properties ?? {}).some(({ format }) => format === 'binary')

/** Judges what comes in another way than as a request by the same component: its faults in the same words, none when it is as it should be. */
export function validatorOf(
  schema: TSchema,
  components: TSchema[]
): (value: unknown) => FieldError[] {
  const ajv = new Ajv(options)
  for (const component of components) {
    ajv.addSchema(component)
  }
  const check = ajv.compile({ $ref: schema.$id as string })
  return (value) =>
    check(value)
      ? []
      : firstAtEachPlace(check.errors ?? []).map((error) => fieldError('body', error))
}

/** Names of headers arrive in lower case, whatever the contract calls them. */
function inLowerCase(schema: TSchema): object {
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(schema.properties).map(([name, inner]) => [name.toLowerCase(), inner])
    )
  }
}

const INTEGER = /^(0|-?[1-9]\d{0,15})$/

/** Reads the texts of parameters in place; what spells no value of its type stays a text and is refused as such. */
function spell({ properties = {} }: Parameters, values: Values): Values {
  for (const [name, { type, items }] of Object.entries(properties)) {
    const value = values[name]
    if (value === undefined) {
      continue
    }
    values[name] =
      type === 'array'
        ? [value].flat().map((text) => spelled(items?.type, text))
        : spelled(type, value)
  }
  return values
}

function spelled(type: string | undefined, text: unknown): unknown {
  if (type === 'integer' && typeof text === 'string' && INTEGER.test(text)) {
    return Number(text)
  }
  if (type === 'boolean' && (text === 'true' || text === 'false')) {
    return text === 'true'
  }
  return text
}

const PARTS: Record<string, FieldError['in']> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header'
}

/** All faults of one part of the request as one problem. A malformed id in a path is no fault: nothing is there. */
export function schemaErrorFormatter(errors: FastifySchemaValidationError[], part: string): Error {
  if (part === 'params') {
    return new Problem('not_found')
  }
  const where = PARTS[part] ?? 'body'
  const faults = firstAtEachPlace(errors as unknown as ErrorObject[])
    .slice(0, MAX_FAULTS)
    .map((error) => fieldError(where, error))
  const detail =
    faults.length === 1
      ? (faults[0] as FieldError).detail
      : `${faults.length} fields are not as the contract says; see errors.`
  return new Problem('invalid_request', { detail, extras: { errors: faults } })
}

/** A value that is too short is often malformed as well: one reason is enough for each place. */
function firstAtEachPlace(errors: ErrorObject[]): ErrorObject[] {
  const places = new Map<string, ErrorObject>()
  for (const error of errors) {
    const place = pointerOf(error)
    if (!places.has(place)) {
      places.set(place, error)
    }
  }
  return [...places.values()]
}

function pointerOf({ params, instancePath }: ErrorObject): string {
  const field = params.additionalProperty ?? params.missingProperty
  return field === undefined ? instancePath : `${instancePath}/${escapePointer(String(field))}`
}

function fieldError(where: FieldError['in'], error: ErrorObject): FieldError {
  const path = pointerOf(error)
  const pointer =
    where === 'header' ? path.replace(/(^\/|-)[a-z]/g, (start) => start.toUpperCase()) : path
  const name =
    pointer === ''
      ? `The ${where}`
      : pointer.slice(1).replaceAll('/', '.').slice(0, 200) || 'A nameless field'
  const [code, detail] = explain(error, name, where)
  return { in: where, pointer, code, detail }
}

function explain(
  { keyword, params, parentSchema, data }: ErrorObject,
  name: string,
  where: FieldError['in']
): [code: string, detail: string] {
  switch (keyword) {
    case 'additionalProperties': {
      const guess = closestName(
        params.additionalProperty,
        Object.keys(parentSchema?.properties ?? {})
      )
      return [
        'unknown_field',
        `${name} is not known here${guess ? `; did you mean ${guess}?` : '.'}`
      ]
    }
    case 'required':
      return [
        'required',
        `${name} is required${parentSchema?.['x-hint'] ? `: ${parentSchema['x-hint']}` : ''}.`
      ]
    case 'type':
      return where !== 'body' && Array.isArray(data)
        ? ['given_twice', `${name} may be given only once.`]
        : [
            'wrong_type',
            `${name} must be ${[params.type]
              .flat()
              .map((type) => TYPES[type])
              .join(' or ')}.`
          ]
    case 'enum': {
      const guess = typeof data === 'string' ? closestName(data, params.allowedValues) : undefined
      return [
        'unknown_value',
        `${name} must be one of ${params.allowedValues.join(', ')}${guess ? `; did you mean ${guess}?` : '.'}`
      ]
    }
    case 'minLength':
      return ['too_short', `${name} must have at least ${params.limit} characters.`]
    case 'maxLength':
      return ['too_long', `${name} must have at most ${params.limit} characters.`]
    case 'minItems':
      return ['too_short', `${name} must have at least ${params.limit} entries.`]
    case 'maxItems':
      return ['too_long', `${name} must have at most ${params.limit} entries.`]
    case 'minProperties':
      return ['empty', `${name} must name at least one field.`]
    case 'minimum':
    case 'maximum':
      return ['out_of_range', `${name} must be ${params.comparison} ${params.limit}.`]
    case 'format':
      return [
        'malformed',
        `${name} must be ${FORMATS[params.format] ?? `a valid ${params.format}`}.`
      ]
    case 'pattern':
      return [
        'malformed',
        `${name} ${parentSchema?.['x-hint'] ?? 'has characters that are not allowed here'}.`
      ]
    default:
      return ['invalid', `${name} is not valid: ${keyword}.`]
  }
}

const TYPES: Record<string, string> = {
  object: 'an object',
  array: 'a list',
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'null'
}
const FORMATS: Record<string, string> = {
  'date-time': 'a date and time with zone as in RFC 3339, such as 2026-01-31T09:00:00Z',
  uuid: 'a UUID',
  email: 'an e-mail address such as ann@example.com'
}
