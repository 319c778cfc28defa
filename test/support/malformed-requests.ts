import type { Contract } from '../contract/lint/types.ts'
import { createSampler, type Sample } from './contract-samples.ts'
import {
  DEEP,
  FILE_PARTS,
  FILES,
  HEADERS,
  METHODS,
  NAMES,
  PATHS,
  TEXTS,
  VALUES
} from './malformed-values.ts'
import { pick, type Random } from './random.ts'
import { requestText } from './raw-http.ts'

/** A request as it will be sent; the body is a text, so that it can be malformed. */
export interface MalformedRequest {
  method: string
  url: string
  headers: Record<string, string>
  payload: string | undefined
  operation: string
}
export interface Known {
  ids: string[]
  token: () => string
}
type Draft = MalformedRequest & { body: unknown }
interface Context {
  random: Random
  known: Known
  sample: Sample
}

/** Returns a function that creates a valid request for some operation and changes it in up to three places. */
export function createRequestGenerator(contract: Contract, random: Random, known: Known) {
  const operations = operationsOf(contract)
  const context = { random, known, sample: createSampler(contract, random, known.ids) }
  return (): MalformedRequest => {
    const draft = validRequest(pick(random, operations), context)
    const changes = Math.floor(random() * 4)
    for (let i = 0; i < changes; i++) {
      const change = pick(
        random,
        draft.body === undefined
          ? [changeUrl, changeUrl, changeHeader]
          : [changeBody, changeBody, changeBody, changeUrl, changeHeader]
      )
      change(draft, context)
    }
    const { body, ...request } = draft
    if (body !== undefined) {
      request.payload = encodeBody(request, body, random)
    }
    if (random() < 0.05) {
      changePayload(request, random)
    }
    if (random() < 0.03) {
      request.method = pick(random, METHODS)
    }
    return request
  }
}

type TargetOperation = ReturnType<typeof operationsOf>[number]
/** Every operation but streams, which do not end. */
const operationsOf = ({ paths }: Contract) =>
  Object.entries(paths)
    .filter(([path]) => !path.endsWith('/stream'))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        path,
        method: method.toUpperCase(),
        operation
      }))
    )

function validRequest({ path, method, operation }: TargetOperation, context: Context): Draft {
  const { random, known, sample } = context
  const url = path.replace(/\{[^}]+\}/g, () =>
    random() < 0.8 ? pick(random, known.ids) : encode(malformedText(context), random)
  )
  const query = (operation.parameters ?? [])
    .filter((p) => p.in === 'query' && random() < 0.3)
    .flatMap((p) =>
      [sample(p.schema)].flat().map((value) => `${p.name}=${encodeURIComponent(String(value))}`)
    )
  const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? []
  return {
    method,
    url: query.length > 0 ? `${url}?${query.join('&')}` : url,
    operation: operation.operationId,
    body: media && sample(media.schema),
    payload: undefined,
    headers: { authorization: `Bearer ${known.token()}`, ...(type && { 'content-type': type }) }
  }
}

const malformedText = ({ random, known }: Context): string =>
  random() < 0.5 ? pick(random, TEXTS) : pick(random, known.ids)

const encode = (text: string, random: Random): string =>
  random() < 0.8
    ? encodeURIComponent(text.toWellFormed())
    : text.replace(/[\s#\0\u0080-\uffff]/g, '%zz')

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

function changeBody(draft: Draft, { random }: Context): void {
  const { body } = draft
  const roll = random()
  const value = structuredClone(pick(random, VALUES))
  if (!isObject(body) || Object.keys(body).length === 0 || roll >= 0.85) {
    draft.body = value
    return
  }
  const name = pick(random, Object.keys(body))
  if (roll < 0.5) {
    body[name] = value
  } else if (roll < 0.65) {
    delete body[name]
  } else {
    const property = { value, enumerable: true, configurable: true, writable: true }
    Object.defineProperty(body, pick(random, NAMES), property)
  }
}

function changeUrl(draft: Draft, context: Context): void {
  const { random } = context
  const roll = random()
  const text = encode(malformedText(context), random)
  if (roll < 0.5) {
    const name = pick(random, [...NAMES, 'limit', 'cursor', 'status', 'q', 'sort'])
    draft.url += `${draft.url.includes('?') ? '&' : '?'}${encode(name, random)}=${text}`
  } else if (roll < 0.7 && draft.url.includes('?')) {
    draft.url = draft.url.replace(/=[^&]*/, () => `=${text}`)
  } else if (roll < 0.9) {
    draft.url = draft.url.replace(/\/[^/?]+(?=\?|$)/, () => `/${text}`)
  } else {
    draft.url = pick(random, ['', draft.url, '/api/v1/tasks']) + pick(random, PATHS) || '/'
  }
}

function changeHeader(draft: Draft, { random }: Context): void {
  const [name, values] = pick(random, HEADERS)
  draft.headers[name] = pick(random, values)
}

function changePayload(request: MalformedRequest, random: Random): void {
  const text = request.payload ?? '{}'
  const at = Math.floor(random() * (text.length + 1))
  const inserted = pick(random, ['"', '}', ',', '\0', '\\u0000', '\\ud800', '\ufeff', DEEP])
  request.payload = pick(random, [
    text.slice(0, at),
    text.slice(0, at) + inserted + text.slice(at),
    DEEP,
    '['.repeat(100_000),
    'null',
    '',
    text + text
  ])
}

function encodeBody(request: MalformedRequest, body: unknown, random: Random): string {
  const type = request.headers['content-type']
  if (type?.includes('urlencoded')) {
    return encodeForm(body)
  }
  return type === 'multipart/form-data' ? encodeFile(request, random) : JSON.stringify(body)
}

/**
 * Returns a request as it is sent; some have bytes changed or end too early. `isBroken` if the server may rightly wait
 * for more.
 */
export function asBytes(
  { method, url, headers, payload = '' }: MalformedRequest,
  random: Random,
  more: Record<string, string> = {}
): { bytes: Buffer; isBroken: boolean } {
  const bytes = Buffer.from(
    requestText(
      `${method} ${url}`,
      { 'Content-Length': String(Buffer.byteLength(payload)), ...more, ...headers },
      payload
    ),
    'utf8'
  )
  const flips = random() < 0.7 ? 0 : 1 + Math.floor(random() * 2)
  for (let i = 0; i < flips; i++) {
    bytes[Math.floor(random() * Math.min(bytes.length, 2000))] = Math.floor(random() * 256)
  }
  const isCut = random() < 0.03
  return {
    bytes: isCut ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes,
    isBroken:
      isCut ||
      flips > 0 ||
      headers['content-length'] !== undefined ||
      headers['transfer-encoding'] !== undefined ||
      headers.upgrade !== undefined
  }
}

/** Returns a file as a browser sends it, or nearly. */
function encodeFile(request: MalformedRequest, random: Random): string {
  request.headers['content-type'] = pick(random, [
    'multipart/form-data; boundary=x',
    'multipart/form-data; boundary=x',
    'multipart/form-data; boundary="x"',
    'multipart/form-data; boundary=y'
  ])
  const parts = Array.from({ length: random() < 0.9 ? 1 : 2 }, () => {
    const disposition = random() < 0.6 ? FILE_PARTS[0] : pick(random, FILE_PARTS)
    const head = `Content-Disposition: form-data; ${disposition}\r\nContent-Type: text/csv`
    return `--x\r\n${head}\r\n\r\n${pick(random, FILES)}\r\n`
  })
  return `${parts.join('')}${random() < 0.9 ? '--x--\r\n' : ''}`
}

function encodeForm(body: unknown): string {
  const fields = body !== null && typeof body === 'object' ? Object.entries(body) : [['x', body]]
  return fields
    .map(
      ([name, value]) =>
        `${encodeURIComponent(String(name).toWellFormed())}=${encodeURIComponent(String(value).toWellFormed())}`
    )
    .join('&')
}
