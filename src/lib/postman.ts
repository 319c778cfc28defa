interface Media {
  examples?: Record<string, { value?: unknown }>
}
interface Link {
  parameters: Record<string, string>
}
interface Answer {
  content?: Record<string, { schema: { $ref?: string } }>
  links?: Record<string, Link>
}
interface Parameter {
  name: string
  in: string
  description?: string
  schema: Record<string, unknown>
}
interface Operation {
  operationId: string
  summary: string
  description: string
  tags: string[]
  security?: unknown[]
  parameters?: Parameter[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, Answer>
}
interface Described {
  info: { title: string; description: string; version: string }
  servers: { url: string }[]
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, Operation>>
}
interface Found {
  path: string
  method: string
  operation: Operation
}

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'
/** First what makes things, then what reads and changes them, then what takes them away: a folder can be run from top to bottom. */
const ORDER = ['made', 'get', 'patch', 'put', 'post', 'delete']

/**
 * The contract as a Postman collection (v2.1): a folder for each tag, a request for each operation with the contract's
 * own example. `baseUrl` and `token` are variables; logging in fills `token`, and what is made fills the id that the
 * requests of its kind take, as the links of the contract say. Pure, and without random ids: same contract, same text.
 */
export function toPostman(document: object) {
  const { info, servers, tags, paths } = document as Described
  const found = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation }))
  )
  return {
    info: {
      name: info.title,
      description: info.description,
      version: info.version,
      schema: SCHEMA
    },
    variable: [
      { key: 'baseUrl', value: servers[0]?.url },
      { key: 'token', value: '' },
      { key: 'refresh_token', value: '' }
    ],
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{token}}', type: 'string' }] },
    item: tags.map(({ name, description }) => ({
      name,
      description,
      item: found
        .filter(({ operation }) => operation.tags[0] === name)
        .sort((a, b) => rank(a) - rank(b))
        .map(request)
    }))
  }
}

function rank({ method, operation }: Found): number {
  return ORDER.indexOf(
    method === 'post' && ('201' in operation.responses || '202' in operation.responses)
      ? 'made'
      : method
  )
}

function request({ path, method, operation }: Found) {
  const { operationId, summary, description, security, parameters = [] } = operation
  const [[type, media] = ['', undefined]] = Object.entries(operation.requestBody?.content ?? {})
  const of = (where: string) => parameters.filter((parameter) => parameter.in === where)
  const optional = ({ name, description, schema }: Parameter) => ({
    key: name,
    value: String(schema.default ?? ''),
    description,
    disabled: true
  })
  return {
    id: operationId,
    name: summary,
    event: [{ listen: 'test', script: { type: 'text/javascript', exec: script(operation) } }],
    request: {
      method: method.toUpperCase(),
      description,
      // Postman writes the media type of a form by itself, with the boundary that it chose.
      header: [
        ...(type === 'application/json' ? [{ key: 'Content-Type', value: type }] : []),
        ...of('header').map(optional)
      ],
      url: {
        raw: `{{baseUrl}}${path.replace(/\{([^}]+)\}/g, ':$1')}`,
        host: ['{{baseUrl}}'],
        path: path
          .slice(1)
          .replace(/\{([^}]+)\}/g, ':$1')
          .split('/'),
        query: of('query').map(optional),
        variable: of('path').map(({ name, description }) => ({
          key: name,
          value: `{{${name}}}`,
          description
        }))
      },
      ...(media && { body: body(type, Object.values(media.examples ?? {})[0]?.value) }),
      ...(security?.length === 0 && { auth: { type: 'noauth' } })
    }
  }
}

function body(type: string, example: unknown) {
  if (type === 'multipart/form-data') {
    return { mode: 'formdata', formdata: [{ key: 'file', type: 'file', src: 'tasks.csv' }] }
  }
  if (type === 'application/json') {
    return {
      mode: 'raw',
      raw: JSON.stringify(example, kept, 2),
      options: { raw: { language: 'json' } }
    }
  }
  return {
    mode: 'urlencoded',
    urlencoded: Object.entries(example as Record<string, string>).map(([key, value]) => ({
      key,
      value
    }))
  }
}

/** A refresh token is spent by its use: the one of the last answer is sent. */
const kept = (key: string, value: unknown): unknown =>
  key === 'refresh_token' ? '{{refresh_token}}' : value

/** What Postman does with an answer: holds its status against the contract, and keeps what the next requests need. */
function script({ responses }: Operation): string[] {
  const statuses = Object.keys(responses)
    .filter((status) => status !== 'default')
    .map(Number)
  const [status = '', answer] =
    Object.entries(responses).find(([status]) => /^2/.test(status)) ?? []
  const ids = Object.assign(
    {},
    ...Object.values(answer?.links ?? {}).map(({ parameters }) => parameters)
  ) as Record<string, string>
  const made = Object.entries(ids)
    .filter(([, expression]) => expression === '$response.body#/id')
    .map(([name]) => set(name, 'id'))
  const isTokenSet = Object.values(answer?.content ?? {}).some(({ schema }) =>
    schema.$ref?.endsWith('/TokenSet')
  )
  const tokens = isTokenSet
    ? [set('token', 'access_token'), set('refresh_token', 'refresh_token')]
    : []
  const keep = [...made, ...tokens]
  return [
    `pm.test('The contract names this answer', () => pm.expect(${JSON.stringify(statuses)}).to.include(pm.response.code))`,
    ...(keep.length > 0
      ? [
          `if (pm.response.code === ${status}) {`,
          '  const made = pm.response.json()',
          ...keep.map((line) => `  ${line}`),
          '}'
        ]
      : [])
  ]
}

const set = (variable: string, property: string): string =>
  `pm.collectionVariables.set('${variable}', made.${property})`
