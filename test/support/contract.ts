import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { LightMyRequestResponse as Response } from 'fastify'
import type { Operation } from '../../src/plugins/document.ts'

const document = JSON.parse(readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8'))
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
ajv.addSchema(document, 'contract')

/** Headers that an answer carries when there is something to say. */
const SOMETIMES = new Set(['Link', 'RateLimit', 'RateLimit-Policy'])

const operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(), path, operation, matches: new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}/?$`)
  })))

/** The operation that a call is, by method and path; undefined for what is not in the contract. */
export const operationOf = (method: string, pathname: string) => operations.find((o) => o.method === method && o.matches.test(pathname))

/** What an answer has that the committed contract does not promise; empty when it keeps it. */
export function contractFaults (method: string, url: string, answer: Pick<Response, 'statusCode' | 'headers' | 'body'>): string[] {
  const pathname = url.split('?')[0] as string
  const found = operationOf(method, pathname)
  const type = String(answer.headers['content-type'] ?? '').split(';')[0] as string
  const faults: string[] = []
  if (answer.headers['x-request-id'] === undefined) faults.push('no X-Request-Id')
  // HEAD is the GET of its path without a body.
  if (!found) return answer.statusCode < 400 && method !== 'HEAD' && pathname.startsWith('/api/') ? [`${method} ${pathname} is not in the contract`] : faults
  const { operation, path } = found
  const place = `/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}/${method.toLowerCase()}/responses/${answer.statusCode}`
  const documented = operation.responses[answer.statusCode]
  if (answer.statusCode >= 400) {
    const general = [405, 408, 413, 414, 415, 417, 429, 431, 500, 503]
    const isBanned = answer.statusCode === 403 && JSON.parse(answer.body).code === 'ip_banned'
    if (!documented && !isBanned && !general.includes(answer.statusCode)) faults.push(`${operation.operationId} does not name ${answer.statusCode}`)
    return [...faults, ...bodyFaults('/components/schemas/Problem', answer.body)]
  }
  if (!documented) return [...faults, `${operation.operationId} does not name ${answer.statusCode}`]
  if (!documented.content) return answer.body === '' ? faults : [...faults, 'a body where none is promised']
  const media = documented.content[type]
  if (!media) return [...faults, `${type} is not a promised media type`]
  for (const name of Object.keys(documented.headers ?? {})) {
    if (!SOMETIMES.has(name) && answer.headers[name.toLowerCase()] === undefined) faults.push(`the header ${name} is missing`)
  }
  return type === 'application/json' ? [...faults, ...bodyFaults(`${place}/content/${type.replaceAll('/', '~1')}/schema`, answer.body)] : faults
}

function bodyFaults (pointer: string, body: string): string[] {
  const validate = ajv.getSchema(`contract#${pointer}`)
  if (!validate) return [`no schema at ${pointer}`]
  return validate(JSON.parse(body)) ? [] : (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message}`)
}
