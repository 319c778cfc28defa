import type { TSchema } from '@sinclair/typebox'
import { Ajv, type ErrorObject, type Options } from 'ajv'
import type { FastifySchemaValidationError, FastifyServerOptions } from 'fastify'
import { type FieldError, Problem } from '../core/problem.ts'
import { isInstant } from '../lib/instant.ts'
import { escapePointer } from '../lib/json-text.ts'
import { nearest } from '../lib/nearest.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** One address as people type it: ASCII, a dot in the domain, no quoting. What the pattern allows is what mail servers take. */
const EMAIL = /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/i

const options: Options = {
  allErrors: true,
  removeAdditional: false,
  useDefaults: false,
  // The schema and the data beside each error let the refusal name the nearest known field.
  verbose: true,
  strict: false,
  formats: { uuid: UUID, email: EMAIL, 'date-time': { validate: isInstant }, int32: true, int64: true, uri: true, password: true, binary: true }
}

/**
 * Validators by the part of the request: a body is refused, never repaired; texts of path, query and headers become
 * the numbers and booleans that they spell. (Fastify's own default drops unknown fields and turns 5 into "5".)
 */
export const schemaController: FastifyServerOptions['schemaController'] = {
  compilersFactory: {
    buildValidator: ((shared: Record<string, object>) => {
      const strict = new Ajv(options)
      const spelled = new Ajv({ ...options, coerceTypes: 'array' })
      for (const schema of Object.values(shared)) {
        strict.addSchema(schema)
        spelled.addSchema(schema)
      }
      return ({ schema, httpPart }: { schema: TSchema, httpPart?: string }) => (httpPart === 'body' ? strict : spelled).compile(httpPart === 'headers' ? inLowerCase(schema) : schema)
    }) as never
  }
}

/** Names of headers arrive in lower case, whatever the contract calls them. */
function inLowerCase (schema: TSchema): object {
  return { ...schema, properties: Object.fromEntries(Object.entries(schema.properties).map(([name, inner]) => [name.toLowerCase(), inner])) }
}

const PARTS: Record<string, FieldError['in']> = { body: 'body', querystring: 'query', params: 'path', headers: 'header' }

/** All faults of one part of the request as one problem. A malformed id in a path is no fault: nothing is there. */
export function schemaErrorFormatter (errors: FastifySchemaValidationError[], part: string): Error {
  if (part === 'params') return new Problem('not_found')
  const where = PARTS[part] ?? 'body'
  const faults = (errors as unknown as ErrorObject[]).map((error) => fieldError(where, error))
  const detail = faults.length === 1 ? (faults[0] as FieldError).detail : `${faults.length} fields are not as the contract says; see errors.`
  return new Problem('invalid_request', { detail, extras: { errors: faults } })
}

function fieldError (where: FieldError['in'], error: ErrorObject): FieldError {
  const field = error.params.additionalProperty ?? error.params.missingProperty
  const path = field === undefined ? error.instancePath : `${error.instancePath}/${escapePointer(String(field))}`
  const pointer = where === 'header' ? path.replace(/(^\/|-)[a-z]/g, (start) => start.toUpperCase()) : path
  const name = pointer === '' ? `The ${where}` : pointer.slice(1).replaceAll('/', '.').slice(0, 200)
  const [code, rule] = explain(error, name)
  return { in: where, pointer, code, detail: rule }
}

function explain ({ keyword, params, parentSchema, data }: ErrorObject, name: string): [code: string, detail: string] {
  switch (keyword) {
    case 'additionalProperties': {
      const guess = nearest(params.additionalProperty, Object.keys(parentSchema?.properties ?? {}))
      return ['unknown_field', `${name} is not known here${guess ? `; did you mean ${guess}?` : '.'}`]
    }
    case 'required': return ['required', `${name} is required${parentSchema?.['x-hint'] ? `: ${parentSchema['x-hint']}` : ''}.`]
    case 'type': return Array.isArray(data) && params.type !== 'array'
      ? ['given_twice', `${name} may be given only once.`]
      : ['wrong_type', `${name} must be ${[params.type].flat().join(' or ')}.`]
    case 'enum': {
      const guess = typeof data === 'string' ? nearest(data, params.allowedValues) : undefined
      return ['unknown_value', `${name} must be one of ${params.allowedValues.join(', ')}${guess ? `; did you mean ${guess}?` : '.'}`]
    }
    case 'minLength': return ['too_short', `${name} must have at least ${params.limit} characters.`]
    case 'maxLength': return ['too_long', `${name} must have at most ${params.limit} characters.`]
    case 'minItems': return ['too_short', `${name} must have at least ${params.limit} entries.`]
    case 'maxItems': return ['too_long', `${name} must have at most ${params.limit} entries.`]
    case 'minProperties': return ['empty', `${name} must name at least one field.`]
    case 'minimum': case 'maximum': return ['out_of_range', `${name} must be ${params.comparison} ${params.limit}.`]
    case 'format': return ['malformed', `${name} must be ${FORMATS[params.format] ?? `a valid ${params.format}`}.`]
    case 'pattern': return ['malformed', `${name} ${parentSchema?.['x-hint'] ?? 'has characters that are not allowed here'}.`]
    default: return ['invalid', `${name} is not valid: ${keyword}.`]
  }
}

const FORMATS: Record<string, string> = {
  'date-time': 'a date and time with zone as in RFC 3339, such as 2026-01-31T09:00:00Z',
  uuid: 'a UUID',
  email: 'an e-mail address such as ann@example.com'
}
