import type { ErrorObject } from 'ajv'
import type { FieldError } from '../core/problem.ts'
import { closestName } from '../lib/did-you-mean.ts'
import { inSnakeCase, translateName, translateValue } from '../lib/foreign-names.ts'
import { escapePointer } from '../lib/json-scan.ts'

type Explanation = [code: string, detail: string]
type Explain = (error: ErrorObject, name: string, where: FieldError['in']) => Explanation

const MAX_NAME_LENGTH = 200

/** Turns the errors of a validator into field errors, one for each value and at most `limit`. */
export const fieldErrors = (
  where: FieldError['in'],
  errors: ErrorObject[],
  limit = errors.length
): FieldError[] =>
  firstOfEachValue(errors)
    .slice(0, limit)
    .map((error) => fieldError(where, error))

/** A value that is too short is often malformed as well: one reason is enough for each. */
function firstOfEachValue(errors: ErrorObject[]): ErrorObject[] {
  const byPointer = new Map<string, ErrorObject>()
  for (const error of errors) {
    const pointer = pointerOf(error)
    if (!byPointer.has(pointer)) {
      byPointer.set(pointer, error)
    }
  }
  return [...byPointer.values()]
}

function pointerOf({ params, instancePath }: ErrorObject): string {
  const field = params.additionalProperty ?? params.missingProperty
  return field === undefined ? instancePath : `${instancePath}/${escapePointer(String(field))}`
}

function fieldError(where: FieldError['in'], error: ErrorObject): FieldError {
  const path = pointerOf(error)
  const pointer =
    where === 'header' ? path.replace(/(^\/|-)[a-z]/g, (start) => start.toUpperCase()) : path
  const explain = EXPLANATIONS[error.keyword] ?? unknownKeyword
  const [code, detail] = explain(error, nameOf(pointer, where), where)
  return { in: where, pointer, code, detail: detail + listHint(error, where) }
}

function nameOf(pointer: string, where: FieldError['in']): string {
  if (pointer === '') {
    return `The ${where}`
  }
  return pointer.slice(1).replaceAll('/', '.').slice(0, MAX_NAME_LENGTH) || 'A nameless field'
}

const hintOf = ({ parentSchema }: ErrorObject): string | undefined => parentSchema?.['x-hint']

const didYouMean = (guess: string | undefined): string => (guess ? `; did you mean ${guess}?` : '.')

const unknownKeyword: Explain = ({ keyword }, name) => [
  'invalid',
  `${name} is not valid: ${keyword}.`
]

const outOfRange: Explain = ({ params }, name) => [
  'out_of_range',
  `${name} must be ${params.comparison} ${params.limit}.`
]

const wrongType: Explain = ({ params, data }, name, where) => {
  if (where !== 'body' && Array.isArray(data)) {
    return ['given_twice', `${name} may be given only once.`]
  }
  const types = [params.type].flat().map((type) => TYPES[type])
  return ['wrong_type', `${name} must be ${types.join(' or ')}.`]
}

const unknownValue: Explain = ({ params, data }, name) => {
  const allowed: string[] = params.allowedValues
  const word = typeof data === 'string' ? data : ''
  const guess = word && (translateValue(word, allowed) ?? closestName(word, allowed))
  return ['unknown_value', `${name} must be one of ${allowed.join(', ')}${didYouMean(guess)}`]
}

/** Returns the operation by which a field is changed that is not in a body. */
const elsewhere = (schema: ErrorObject['parentSchema'], name: string): string | undefined =>
  new Map<string, string>(Object.entries(schema?.['x-elsewhere'] ?? {})).get(name)

const unknownField: Explain = ({ params, parentSchema }, name) => {
  const unknown = String(params.additionalProperty)
  const known = Object.keys(parentSchema?.properties ?? {})
  const ownName = inSnakeCase(unknown)
  const exact = known.find((field) => field === ownName) ?? elsewhere(parentSchema, ownName)
  const meaning = exact ?? translateName(unknown, known) ?? closestName(unknown, known)
  return ['unknown_field', `${name} is unknown${didYouMean(meaning)}`]
}

/** Several values of a list may have been joined to one. */
const listHint = ({ data, instancePath }: ErrorObject, where: FieldError['in']): string =>
  where === 'query' && /\/\d+$/.test(instancePath) && /[,;]/.test(String(data))
    ? ' Repeat the parameter for several values.'
    : ''

/** In a query a `+` is a blank unless it is encoded. */
const HAS_LOST_PLUS = /T[\d:.]+ \d\d(:?\d\d)?$|^Etc\/GMT \d+$/i
const LOST_PLUS = '; the + of its zone was read as a blank, so write it as %2B'

const plusHint = ({ data }: ErrorObject, where: FieldError['in']): string =>
  where === 'query' && HAS_LOST_PLUS.test(String(data)) ? LOST_PLUS : ''

const malformed: Explain = (error, name, where) => [
  'malformed',
  `${name} ${hintOf(error) ?? 'has characters that are not allowed here'}${plusHint(error, where)}.`
]

/** What each keyword of JSON Schema means to a caller. */
const EXPLANATIONS: Record<string, Explain> = {
  additionalProperties: unknownField,
  required: (error, name) => {
    const hint = hintOf(error)
    return ['required', `${name} is required${hint ? `: ${hint}` : ''}.`]
  },
  type: wrongType,
  enum: unknownValue,
  minLength: ({ params }, name) => [
    'too_short',
    `${name} must have at least ${params.limit} characters.`
  ],
  maxLength: ({ params }, name) => [
    'too_long',
    `${name} must have at most ${params.limit} characters.`
  ],
  minItems: ({ params }, name) => [
    'too_short',
    `${name} must have at least ${params.limit} entries.`
  ],
  maxItems: ({ params }, name) => [
    'too_long',
    `${name} must have at most ${params.limit} entries.`
  ],
  minProperties: (_error, name) => ['empty', `${name} must name at least one field.`],
  minimum: outOfRange,
  maximum: outOfRange,
  format: (error, name, where) => [
    'malformed',
    `${name} must be ${FORMATS[error.params.format] ?? `a valid ${error.params.format}`}${plusHint(error, where)}.`
  ],
  pattern: malformed,
  'x-moment': malformed,
  'x-visible': malformed
}

const TYPES: Record<string, string> = {
  object: 'an object',
  array: 'a list',
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  null: 'null'
}
const FORMATS: Record<string, string> = {
  'date-time': 'a date and time with zone as in RFC 3339, such as 2026-01-31T09:00:00Z',
  uuid: 'a UUID',
  email: 'an email address such as ann@example.com'
}
