import type { TSchema } from '@sinclair/typebox'
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import type { FastifySchemaValidationError } from 'fastify'
import { type FieldError, Problem } from '../core/problem.ts'
import { isEmail } from '../lib/email.ts'
import { isDateOrTimestamp, isTimestamp } from '../lib/timestamp.ts'
import { UUID } from '../lib/uuid.ts'
import { isVisible } from '../lib/visible.ts'
import { excessOf } from './excess.ts'
import { fieldErrors } from './validation-messages.ts'

/** A body with a hundred thousand errors gets no longer response. */
const MAX_ERRORS = 50

/** Longer than any text that the contract allows: `maxLength` has rejected it, so no pattern runs on a megabyte. */
const MAX_MATCHED_LENGTH = 32_768
const regExp = Object.assign(
  (pattern: string, flags: string) => {
    const expression = new RegExp(pattern, flags)
    // Ajv tells patterns apart by their text.
    return {
      test: (text: string) => text.length > MAX_MATCHED_LENGTH || expression.test(text),
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
  // The schema and the data beside each error let the message name the closest known field.
  verbose: true,
  strict: false,
  // The checks of the contract tell that ours are schemas; checking again would slow down every start.
  meta: false,
  validateSchema: false,
  // The years 0001 to 9999 in UTC: a pattern cannot tell them.
  keywords: [
    {
      keyword: 'x-moment',
      type: 'string',
      errors: false,
      validate: (_: unknown, text: string) => isDateOrTimestamp(text)
    },
    {
      keyword: 'x-visible',
      type: 'string',
      errors: false,
      validate: (_: unknown, text: string) => isVisible(text)
    }
  ],
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
interface ParameterSchema {
  type?: string
  format?: string
  items?: { type?: string }
}
interface Parameters {
  properties?: Record<string, ParameterSchema>
}

type Components = Record<string, object>

/**
 * Returns a function that builds the validator of one part of a request, for all plugins of an application: they share
 * what is compiled of its components. A body is rejected, never repaired; texts of path, query and headers
 * become the numbers and booleans that they spell, and ids of the path lower case. (Fastify's default drops unknown
 * fields and turns 5 into "5"; Ajv's coercion accepts "0x10" and " 5" as numbers and "" as null.) Each is compiled when
 * it is first used: a restarted server needs a few of a hundred at once.
 */
export function createValidatorBuilder() {
  let known: { shared: Components; ajv: Ajv } | undefined
  return (shared: Components) => {
    known = known && isSame(known.shared, shared) ? known : { shared, ajv: ajvFor(shared) }
    const { ajv } = known
    return ({ schema, httpPart }: { schema: TSchema; httpPart?: string }) => {
      if (httpPart === 'body' && isUpload(shared[String(schema.$ref)])) {
        return () => true
      }
      return httpPart === 'body'
        ? bodyValidator(ajv, schema, shared)
        : parameterValidator(ajv, schema, httpPart)
    }
  }
}

function ajvFor(components: Components | TSchema[]): Ajv {
  const ajv = new Ajv(options)
  for (const component of Object.values(components)) {
    ajv.addSchema(component)
  }
  return ajv
}

/** Fastify asks anew for each plugin, with the components that it had before. */
const isSame = (one: Components, other: Components): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([name, component]) => other[name] === component)

type Validator = (value: unknown) => true | { error: ErrorObject[] | null | undefined }

function bodyValidator(ajv: Ajv, schema: TSchema, shared: Components): Validator {
  let check: ValidateFunction | undefined
  return (value) => {
    const excess = excessOf(schema, shared, value)
    if (excess) {
      return { error: excess }
    }
    check ??= ajv.compile(schema)
    return check(value) || { error: check.errors }
  }
}

function parameterValidator(ajv: Ajv, schema: TSchema, httpPart: string | undefined): Validator {
  const parameters = schema as Parameters
  let check: ValidateFunction | undefined
  return (value) => {
    check ??= ajv.compile(httpPart === 'headers' ? inLowerCase(schema) : schema)
    const read = readParameters(parameters, value as Values)
    if (!check(read)) {
      return { error: check.errors }
    }
    if (httpPart === 'params') {
      lowerCaseIds(parameters, read)
    }
    return true
  }
}

/** A file is a stream, which its route reads and validates. */
const isUpload = (schema: Parameters | undefined): boolean =>
  Object.values(schema?.properties ?? {}).some(({ format }) => format === 'binary')

/** Builds a validator for values that do not come as a request body but follow the same component. */
export function validatorOf(
  schema: TSchema,
  components: TSchema[]
): (value: unknown) => FieldError[] {
  const check = ajvFor(components).compile({ $ref: schema.$id })
  return (value) => (check(value) ? [] : fieldErrors('body', check.errors ?? []))
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

/** Reads the texts of parameters in place; what spells no value of its type stays a text and fails validation. */
function readParameters({ properties = {} }: Parameters, values: Values): Values {
  for (const [name, { type, items }] of Object.entries(properties)) {
    const value = values[name]
    if (value === undefined) {
      continue
    }
    values[name] =
      type === 'array'
        ? [value].flat().map((text) => readText(items?.type, text))
        : readText(type, value)
  }
  return values
}

function readText(type: string | undefined, text: unknown): unknown {
  if (type === 'integer' && typeof text === 'string' && INTEGER.test(text)) {
    return Number(text)
  }
  if (type === 'boolean' && (text === 'true' || text === 'false')) {
    return text === 'true'
  }
  return text
}

/** A UUID is the same in either case; the rest of the application knows one. */
function lowerCaseIds({ properties = {} }: Parameters, values: Values): void {
  for (const [name, { format }] of Object.entries(properties)) {
    const value = values[name]
    if (format === 'uuid' && typeof value === 'string') {
      values[name] = value.toLowerCase()
    }
  }
}

const PARTS: Record<string, FieldError['in']> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header'
}

/** Reports all errors of one part of the request as one problem. A malformed id in a path is a 404. */
export function schemaErrorFormatter(errors: FastifySchemaValidationError[], part: string): Error {
  if (part === 'params') {
    return new Problem('not_found')
  }
  const reported = fieldErrors(PARTS[part] ?? 'body', errors as ErrorObject[], MAX_ERRORS)
  const [first] = reported
  const detail =
    first && reported.length === 1
      ? first.detail
      : `${reported.length} fields do not match the contract; see errors.`
  return new Problem('invalid_request', { detail, extras: { errors: reported } })
}
