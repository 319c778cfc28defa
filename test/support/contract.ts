import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { LightMyRequestResponse } from 'fastify'
import type { Operation } from '../../src/http/openapi/document.ts'
import { escapePointer } from '../../src/lib/json-scan.ts'
import { formats } from './examples.ts'
import { recordResponse } from './response-coverage.ts'

interface Spec {
  $ref?: string
  content?: Record<string, object>
  headers?: Record<string, { $ref: string }>
}
export type Answer = Pick<LightMyRequestResponse, 'statusCode' | 'headers' | 'body'>

const document = JSON.parse(
  readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')
)
/** Instants as we write them: in UTC, with three digits. What callers send may look otherwise. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/
const ajv = new Ajv2020({
  strict: false,
  allErrors: true,
  coerceTypes: false,
  formats: { ...formats, 'date-time': INSTANT }
})
ajv.addSchema(document, 'contract')
const headerAjv = new Ajv2020({ strict: false, coerceTypes: true, formats })
headerAjv.addSchema(document, 'contract')

/** Headers that an answer carries when there is something to say. */
const SOMETIMES = new Set(['Link', 'RateLimit', 'RateLimit-Policy'])
/** What `default` stands for, and what goes with it. */
const GENERAL = [405, 408, 413, 414, 415, 417, 429, 431, 500, 503]
const ALWAYS_WITH: Record<number, string> = { 405: 'Allow', 503: 'Retry-After' }

export const operations = Object.entries(
  document.paths as Record<string, Record<string, Operation>>
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    operation,
    matches: new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}/?$`)
  }))
)

/** The operation that a call is, by method and path; undefined for what is not in the contract. */
export const operationOf = (method: string, pathname: string) =>
  operations.find((o) => o.method === method && o.matches.test(pathname))

/** Returns how a response differs from the committed contract, and records it for the coverage of the suite. */
export function contractViolations(method: string, url: string, answer: Answer): string[] {
  const pathname = url.split('?')[0] as string
  const found = operationOf(method, pathname)
  const unnamed = answer.headers['x-request-id'] === undefined ? ['no X-Request-Id'] : []
  // HEAD is the GET of its path without a body.
  if (!found) {
    return answer.statusCode < 400 && method !== 'HEAD' && /^\/api\/v1\/./.test(pathname)
      ? [`${method} ${pathname} is not in the contract`]
      : unnamed
  }
  recordResponse(found.operation.operationId, answer.statusCode)
  return [
    ...unnamed,
    ...(answer.statusCode >= 400 ? problemFaults(found, answer) : successFaults(found, answer))
  ]
}

type Found = (typeof operations)[number]

function problemFaults({ operation }: Found, answer: Answer): string[] {
  const { statusCode: status } = answer
  const documented = operation.responses[status] as Spec | undefined
  const isBanned = status === 403 && JSON.parse(answer.body).code === 'ip_banned'
  if (!documented && !isBanned && !GENERAL.includes(status)) {
    return [`${operation.operationId} does not name ${status}`]
  }
  const name = documented?.$ref?.split('/').at(-1) ?? 'Default'
  const required = ALWAYS_WITH[status]
  const isMissing = required && answer.headers[required.toLowerCase()] === undefined
  return [
    ...typeFaults(operation.operationId, answer),
    ...headerFaults(document.components.responses[name], answer, name === 'Default'),
    ...bodyFaults('/components/schemas/Problem', answer.body),
    ...(isMissing ? [`the header ${required} is missing`] : [])
  ]
}

function successFaults({ operation, path, method }: Found, answer: Answer): string[] {
  const { statusCode: status } = answer
  const documented = operation.responses[status] as Spec | undefined
  if (!documented) {
    return [`${operation.operationId} does not name ${status}`]
  }
  const faults = headerFaults(documented, answer)
  if (!documented.content) {
    return answer.body === '' ? faults : [...faults, 'a body where none is promised']
  }
  const type = typeOf(answer)
  if (!documented.content[type]) {
    return [...faults, `${type} is not a promised media type`]
  }
  if (type !== 'application/json') {
    return faults
  }
  const steps = ['paths', path, method.toLowerCase(), 'responses', status, 'content', type]
  const pointer = [...steps, 'schema'].map((step) => `/${escapePointer(String(step))}`).join('')
  return [...faults, ...bodyFaults(pointer, answer.body)]
}

const typeOf = ({ headers }: Answer): string =>
  String(headers['content-type'] ?? '').split(';')[0] as string

/** OAuth libraries that ask for it get a refusal of the token endpoint as application/json (RFC 6749, section 5.2). */
function typeFaults(operationId: string, answer: Answer): string[] {
  const type = typeOf(answer)
  return type === 'application/problem+json' ||
    (operationId === 'createToken' && type === 'application/json')
    ? []
    : [`a refusal as ${type}`]
}

function headerFaults({ headers = {} }: Spec, answer: Answer, isGeneral = false): string[] {
  return Object.entries(headers).flatMap(([name, { $ref }]) => {
    const value = answer.headers[name.toLowerCase()]
    // A root value is coerced as well: headers are text, some of them numbers.
    if (value === undefined) {
      return SOMETIMES.has(name) || (isGeneral && name !== 'X-Request-Id')
        ? []
        : [`the header ${name} is missing`]
    }
    return headerAjv.getSchema(`contract${$ref}/schema`)?.(value)
      ? []
      : [`the header ${name} is ${JSON.stringify(value)}`]
  })
}

function bodyFaults(pointer: string, body: string): string[] {
  const validate = ajv.getSchema(`contract#${pointer}`)
  if (!validate) {
    return [`no schema at ${pointer}`]
  }
  return validate(JSON.parse(body))
    ? []
    : (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message}`)
}

/** Returns how what a receiver got differs from a webhook of the committed contract. */
export function webhookViolations(
  name: string,
  { headers, body }: { headers: Record<string, string>; body: unknown }
): string[] {
  const { parameters = [], requestBody } = document.webhooks[name].post as Operation
  const { schema } = Object.values(requestBody?.content ?? {})[0] as { schema: { $ref: string } }
  const validate = ajv.getSchema(`contract${schema.$ref}`)
  return [
    ...parameters
      .filter((it) => !headerAjv.validate(it.schema, headers[it.name]))
      .map((it) => `the header ${it.name} is ${headers[it.name]}`),
    ...(validate?.(body) ? [] : ajv.errorsText(validate?.errors).split(', '))
  ]
}
