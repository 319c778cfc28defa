import {
  type ObjectOptions,
  type Static,
  type TProperties,
  type TSchema,
  Type
} from '@sinclair/typebox'
import type { ProblemCode } from '../core/problem.ts'
import { UUID_V7 } from '../lib/uuid.ts'

/** A named component that clients send: closed, so that a mistyped field is rejected by name. */
export const requestBody = <P extends TProperties>(
  $id: string,
  properties: P,
  options: ObjectOptions & { description: string }
) => Type.Object(properties, { ...options, $id, additionalProperties: false })

/** A named component that we send: an allow-list of fields, to which later versions may add. */
export const responseBody = <P extends TProperties>(
  $id: string,
  properties: P,
  options: ObjectOptions & { description: string }
) => Type.Object(properties, { ...options, $id })

/** A named enum: one string type in every generated client (a union of literals becomes a union of types in Go). */
export const stringEnum = <const V extends readonly string[]>(
  $id: string,
  values: V,
  description: string
) => Type.Unsafe<V[number]>({ $id, type: 'string', enum: values, description })

/** Parameters in path or query: closed like a request body, but written out where they are used. */
export const params = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })

/** A reference to a named component, typed as what it refers to. */
export const ref = <T extends TSchema>(schema: T) =>
  Type.Unsafe<Static<T>>(Type.Ref(schema.$id as string))

export const Id = (description: string) =>
  Type.String({ format: 'uuid', maxLength: 36, description })
/** An id that callers choose for what they create. */
export const OwnId = (description: string) =>
  Type.String({
    format: 'uuid',
    maxLength: 36,
    pattern: UUID_V7,
    description,
    'x-hint': 'must be a UUIDv7'
  })
export const NullableId = (description: string) =>
  nullable({ type: 'string', format: 'uuid', maxLength: 36, description })
export const Timestamp = (description: string) =>
  Type.String({ format: 'date-time', maxLength: 40, description })
export const NullableTimestamp = (description: string) =>
  nullable({ type: 'string', format: 'date-time', maxLength: 40, description })
/** What callers may send for a moment: also a date alone, whose meaning the description says. */
export const DateOrTimestamp = (description: string) =>
  Type.String({ ...DATE_OR_TIMESTAMP, description })
export const NullableDateOrTimestamp = (description: string) =>
  nullable({ type: 'string', ...DATE_OR_TIMESTAMP, description })
export const NullableText = (description: string, maxLength: number, more: object = {}) =>
  nullable({ type: 'string', maxLength, pattern: NO_NUL, description, ...more })
/** A type that can also be null. */
export const nullable = (schema: { type: string } & Record<string, unknown>) =>
  Type.Unsafe<string | null>({ ...schema, type: [schema.type, 'null'] })

/** From 0001 on, without a look-ahead, which RE2 does not have. */
const YEAR = '([0-9]{3}[1-9]|[0-9]{2}[1-9][0-9]|[0-9][1-9][0-9]{2}|[1-9][0-9]{3})'
/** The dates of the calendar; 29 February is in leap years only. */
const DATE =
  `(${YEAR}-` +
  '((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)' +
  '|02-(0[1-9]|1[0-9]|2[0-8]))' +
  '|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29)'
const TIME_AND_ZONE =
  '[Tt]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?' +
  '([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])'
/** A string without `format`: a union of `date` and `date-time` is a union of types in generated clients. */
const DATE_OR_TIMESTAMP = {
  maxLength: 40,
  pattern: `^${DATE}(${TIME_AND_ZONE})?$`,
  'x-moment': true,
  'x-hint':
    'must be a date such as 2026-01-31, or a date and time with zone as in RFC 3339, such as 2026-01-31T09:00:00Z'
}

// Patterns use what ECMAScript, RE2, Python and Ruby read alike; to Ruby an escape above \x7f is a broken character.
export const NO_NUL = '^[^\\x00]*$'
const OVERRIDES = '\\x7f-\u009f\u202a-\u202e\u2066-\u2069'
const CONTROL_AND_OVERRIDES = `\\x00-\\x1f${OVERRIDES}`
const SPACE = ' \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'
/** Characters that show nothing by themselves: marks of direction, joiners, fillers, variation selectors. */
const INVISIBLE =
  '\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f' +
  '\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufffb'
/** Keywords for text of any number of lines, of which one character is visible. */
export const VISIBLE_TEXT = {
  pattern:
    `^[\\x01-\\x1f${OVERRIDES}${SPACE}${INVISIBLE}]*` +
    `[^${CONTROL_AND_OVERRIDES}${SPACE}${INVISIBLE}][^\\x00]*$`,
  'x-visible': true
}
/** How many invisible characters may stand before the first that can be seen. */
const MAX_LEAD = 8
/**
 * Keywords for one line of text with 1 to `most` characters besides blanks around it, one of them visible; no control
 * characters, nothing that overrides the direction of other text, nor any of `without`. What is invisible above U+FFFF
 * is no part of the pattern, since not every language takes it there.
 */
export const singleLine = (most: number, without = '') => {
  const inner = `[^${CONTROL_AND_OVERRIDES}${without}]`
  const edge = `[^${SPACE}${CONTROL_AND_OVERRIDES}${without}]`
  const visible = `[^${SPACE}${INVISIBLE}${CONTROL_AND_OVERRIDES}${without}]`
  const lead = `[${INVISIBLE}][${INVISIBLE}${SPACE}]{0,${MAX_LEAD - 1}}`
  const text = (longest: number) => `${visible}(${inner}{0,${longest - 2}}${edge})?`
  const pattern = `^[${SPACE}]*(${text(most)}|${lead}${text(most - MAX_LEAD)})[${SPACE}]*$`
  return { pattern, 'x-visible': true }
}

/** Under this key a route's `response` carries the problem codes it may respond with, for http/openapi/. */
export const problemCodes = Symbol('problem codes')

/**
 * The responses of a route: schemas of success, then its problem codes. Those that any route may respond with are added
 * by http/openapi/.
 */
export function responses<S extends Record<number, TSchema | FileResponse>>(
  success: S,
  ...codes: ProblemCode[]
): S {
  return Object.assign({ ...success }, { [problemCodes]: codes })
}

/** A response without a body. */
export const NoContent = (description: string) => Type.Null({ description })

/** The length of a file is unknown while it is sent: the largest number that every client can read. */
const MAX_FILE_LENGTH = 2_147_483_647

interface FileResponse {
  description: string
  content: Record<
    string,
    { schema: TSchema; examples: Record<string, { summary: string; value: string }> }
  >
}

/** A response that is a file of text. */
export const textFile =
  (type: string) =>
  (description: string, example: string): FileResponse => ({
    description,
    content: {
      [type]: {
        schema: Type.String({ maxLength: MAX_FILE_LENGTH, pattern: NO_NUL, description }),
        examples: { file: { summary: 'A file', value: example } }
      }
    }
  })

export const CsvFile = textFile('text/csv')

/** As `text/…`: generators of clients read no other type of unstructured text without being told. */
export const JSON_LINES = 'text/x-ndjson'
/** A JSON object on each line. */
export const JsonLinesFile = textFile(JSON_LINES)
