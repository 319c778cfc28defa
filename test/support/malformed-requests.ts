import type { Contract } from './contract-lint.ts'
import { requestText } from './raw-http.ts'

/** A request as it will be sent; a body is kept as text so that it can be broken. */
export interface Attack {
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
type Random = () => number
type Schema = Contract['components']['schemas'][string]

/** Random numbers that come again with the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
const pick = <T>(random: Random, from: readonly T[]): T =>
  from[Math.floor(random() * from.length)] as T

const DEEP = `${'['.repeat(40)}${']'.repeat(40)}`
const VALUES: unknown[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\udc00x',
  '\u202e',
  '\u{1f6aa}',
  'x'.repeat(300),
  'x'.repeat(11_000),
  '%',
  '%00',
  '\\',
  '"',
  "'; drop table tasks; --",
  '${7*7}',
  '../../../etc/passwd',
  '<script>',
  'null',
  'true',
  '-1',
  'NaN',
  '0x10',
  '2026-02-30T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999-23:59',
  '2026-01-01',
  '294276-12-31T00:00:00Z',
  '-infinity',
  'infinity',
  '019f2f6e-7c1a-7bbb-8bbb-0123456789ab',
  '019F2F6E-7C1A-7BBB-8BBB-0123456789AB',
  '{}',
  'tl_',
  '*',
  0,
  -1,
  -0,
  1.5,
  1e308,
  2_147_483_647,
  2_147_483_648,
  2 ** 53,
  1e21,
  true,
  false,
  null,
  [],
  {},
  [null],
  [[]],
  [''],
  ['\0'],
  ['a', 'a'],
  Array(101).fill('x'),
  { a: 1 },
  { id: 'x' },
  [{ op: 'create' }]
]
const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'id',
  'owner_id',
  'role',
  'titel',
  '',
  ' ',
  '\0',
  '\ud800',
  'a/b~c',
  'x'.repeat(300),
  'limit[]',
  '$where',
  'length'
]
const TEXTS = VALUES.filter((value) => typeof value === 'string')
const HEADERS: [name: string, values: string[]][] = [
  [
    'content-type',
    [
      '',
      'text/plain',
      'application/xml',
      'application/json; charset=utf-16',
      'application/merge-patch+json',
      'multipart/form-data',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'a/b/c',
      ';',
      '\xff',
      'application/json, text/plain'
    ]
  ],
  ['content-encoding', ['gzip', 'identity', '', 'x, y']],
  ['accept', ['', 'application/json', 'text/html', '*/*;q=x', ',']],
  ['expect', ['100-continue', 'x', '']],
  [
    'if-match',
    [
      '*',
      '"1"',
      'W/"1"',
      '"0"',
      '"2147483648"',
      '"99999999999"',
      '1',
      '',
      '"',
      ',',
      '"a","b"',
      'x'.repeat(2000),
      '\xff'
    ]
  ],
  ['if-none-match', ['*', '"1"', 'W/"1"', '', '"', ',,', 'x'.repeat(2000)]],
  ['idempotency-key', ['', 'a', 'same', ' ', '\xff', 'x'.repeat(65)]],
  [
    'authorization',
    [
      '',
      'Bearer',
      'Bearer ',
      'Bearer x',
      'Bearer a.b.c',
      'Bearer tl_x',
      'Basic Og==',
      'bearer\ttoken',
      'Bearer eyJhbGciOiJub25lIn0.e30.'
    ]
  ],
  ['x-request-id', ['', 'a b', 'x'.repeat(100), '\xff']],
  ['x-forwarded-for', ['::1', 'x', '1.1.1.1, 2.2.2.2']],
  ['host', ['', 'a b', 'evil"', '[::']],
  ['content-length', ['0', '1', '-1', 'x', '99999999']],
  ['range', ['bytes=0-', 'bytes=9-1', 'x']],
  ['transfer-encoding', ['chunked', 'gzip', 'x']],
  ['origin', ['null', 'https://evil.example', '']],
  ['user-agent', ['', '\xff', 'x'.repeat(5000)]],
  ['te', ['trailers']],
  ['upgrade', ['websocket', 'h2c']],
  ['x-http-method-override', ['DELETE']]
]
const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'QUERY',
  'PROPFIND'
]
const PATHS = [
  '',
  '/',
  '//',
  '/%',
  '/%ff',
  '/%00',
  '/..',
  '/%2e%2e',
  '/*',
  '/{task_id}',
  '?',
  '??',
  '#',
  '/docs',
  '/docs/json',
  '/docs/static/x',
  '/openapi.json',
  '/health/ready',
  '/\\',
  '/;',
  '/x'.repeat(50),
  `/${'a'.repeat(300)}`,
  `/${'a'.repeat(9000)}`
]

/** Makes requests from a contract: a valid one for some operation, then broken in up to three places. */
export function createAttacker(contract: Contract, random: Random, known: Known) {
  const operations = Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation
    }))
  )
  const resolve = (schema: Schema | undefined): Schema =>
    schema?.$ref
      ? (contract.components.schemas[schema.$ref.split('/').at(-1) as string] as Schema)
      : (schema ?? {})
  const hostileText = () =>
    (random() < 0.5 ? pick(random, TEXTS) : pick(random, known.ids)) as string
  const encode = (text: string) =>
    random() < 0.8
      ? encodeURIComponent(text.toWellFormed())
      : text.replace(/[\s#\0\u0080-\uffff]/g, '%zz')

  /** A value that a schema allows, or nearly. */
  const sample = (schema: Schema): unknown => {
    const {
      type,
      enum: values,
      format,
      items,
      properties = {},
      examples,
      default: fallback
    } = resolve(schema)
    if (values) {
      return pick(random, values)
    }
    if (Array.isArray(examples) && random() < 0.7) {
      return structuredClone(examples[0])
    }
    if (format === 'uuid') {
      return pick(random, known.ids)
    }
    if (format === 'date-time') {
      return pick(random, ['2026-02-01T18:00:00+01:00', '2024-02-29T00:00:00Z'])
    }
    switch ([type].flat()[0]) {
      case 'integer':
        return fallback ?? Math.floor(random() * 100)
      case 'boolean':
        return random() < 0.5
      case 'array':
        return Array.from({ length: Math.floor(random() * 3) }, () => sample(items ?? {}))
      case 'object':
        return Object.fromEntries(
          Object.entries(properties)
            .filter(() => random() < 0.7)
            .map(([name, inner]) => [name, sample(inner)])
        )
      default:
        return pick(random, [
          'a',
          'Paint the door',
          'ann',
          'ann@example.com',
          'correct horse battery'
        ])
    }
  }

  const valid = (): Attack & { body: unknown } => {
    const { path, method, operation } = pick(random, operations)
    const url = path.replace(/\{[^}]+\}/g, () =>
      random() < 0.8 ? pick(random, known.ids) : encode(hostileText())
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

  const breakBody = (attack: Attack & { body: unknown }): void => {
    const { body } = attack
    const names =
      body !== null && typeof body === 'object' && !Array.isArray(body) ? Object.keys(body) : []
    const roll = random()
    if (roll < 0.5 && names.length > 0) {
      ;(body as Record<string, unknown>)[pick(random, names)] = structuredClone(
        pick(random, VALUES)
      )
    } else if (roll < 0.65 && names.length > 0) {
      delete (body as Record<string, unknown>)[pick(random, names)]
    } else if (roll < 0.85 && names.length > 0) {
      Object.defineProperty(body, pick(random, NAMES), {
        value: structuredClone(pick(random, VALUES)),
        enumerable: true,
        configurable: true,
        writable: true
      })
    } else {
      attack.body = structuredClone(pick(random, VALUES))
    }
  }
  const breakUrl = (attack: Attack): void => {
    const roll = random()
    if (roll < 0.5) {
      attack.url += `${attack.url.includes('?') ? '&' : '?'}${encode(pick(random, [...NAMES, 'limit', 'cursor', 'status', 'q', 'sort']))}=${encode(hostileText())}`
    } else if (roll < 0.7 && attack.url.includes('?')) {
      attack.url = attack.url.replace(/=[^&]*/, () => `=${encode(hostileText())}`)
    } else if (roll < 0.9) {
      attack.url = attack.url.replace(/\/[^/?]+(?=\?|$)/, () => `/${encode(hostileText())}`)
    } else {
      attack.url = pick(random, ['', attack.url, '/api/v1/tasks']) + pick(random, PATHS) || '/'
    }
  }
  const breakHeader = (attack: Attack): void => {
    const [name, values] = pick(random, HEADERS)
    attack.headers[name] = pick(random, values)
  }
  const breakText = (attack: Attack): void => {
    const text = attack.payload ?? '{}'
    const at = Math.floor(random() * (text.length + 1))
    attack.payload = pick(random, [
      text.slice(0, at),
      text.slice(0, at) +
        pick(random, ['"', '}', ',', '\0', '\\u0000', '\\ud800', '\ufeff', DEEP]) +
        text.slice(at),
      DEEP,
      '['.repeat(100_000),
      'null',
      '',
      text + text
    ])
  }

  return function attack(): Attack {
    const made = valid()
    const breaks = Math.floor(random() * 4)
    for (let i = 0; i < breaks; i++) {
      pick(
        random,
        made.body === undefined
          ? [breakUrl, breakUrl, breakHeader]
          : [breakBody, breakBody, breakBody, breakUrl, breakHeader]
      )(made)
    }
    const { body, ...rest } = made
    if (body !== undefined) {
      rest.payload = made.headers['content-type']?.includes('urlencoded')
        ? formOf(body)
        : made.headers['content-type'] === 'multipart/form-data'
          ? fileOf(rest, random)
          : JSON.stringify(body)
    }
    if (random() < 0.05) {
      breakText(rest)
    }
    if (random() < 0.03) {
      rest.method = pick(random, METHODS)
    }
    return rest
  }
}

/** An attack as it goes over the wire; some have bytes flipped or end too early. `isBroken` when the server may rightly wait for more. */
export function asBytes(
  { method, url, headers, payload = '' }: Attack,
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

const FILES = [
  'title\nPaint the door\n',
  'subject,tags,due_date\nOil,a|b,2026-01-02\n,,\n"x',
  'title,title\na,b\n',
  'title\n"a"b"\n',
  '\ufefftitle\r\n=1+1\r\n',
  '',
  'title',
  '\0',
  `title\n${'x'.repeat(20_000)}\n`,
  `${'a,'.repeat(40)}\n`,
  'title;status\na;b'
]
const PARTS = [
  'name="file"; filename="a.csv"',
  'name="file"; filename="a.CSV"',
  'name="file"; filename="../../a.csv"',
  'name="file"; filename="a.exe"',
  'name="file"',
  'name="__proto__"; filename="a.csv"',
  'filename="a.csv"',
  'name="file"; filename=""',
  ''
]

/** A file as a browser sends it, or nearly. */
function fileOf(attack: Attack, random: Random): string {
  attack.headers['content-type'] = pick(random, [
    'multipart/form-data; boundary=x',
    'multipart/form-data; boundary=x',
    'multipart/form-data; boundary="x"',
    'multipart/form-data; boundary=y'
  ])
  const parts = Array.from(
    { length: random() < 0.9 ? 1 : 2 },
    () =>
      `--x\r\nContent-Disposition: form-data; ${random() < 0.6 ? PARTS[0] : pick(random, PARTS)}\r\nContent-Type: text/csv\r\n\r\n${pick(random, FILES)}\r\n`
  )
  return `${parts.join('')}${random() < 0.9 ? '--x--\r\n' : ''}`
}

function formOf(body: unknown): string {
  const fields = body !== null && typeof body === 'object' ? Object.entries(body) : [['x', body]]
  return fields
    .map(
      ([name, value]) =>
        `${encodeURIComponent(String(name).toWellFormed())}=${encodeURIComponent(String(value).toWellFormed())}`
    )
    .join('&')
}
