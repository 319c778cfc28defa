interface Media {
  examples?: Record<string, { value?: unknown }>
}
interface Link {
  parameters: Record<string, string>
}
interface Response {
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
  responses: Record<string, Response>
}
interface Contract {
  info: { title: string; description: string; version: string }
  servers: { url: string }[]
  tags: { name: string; description: string }[]
  components?: { schemas?: Enums }
  paths: Record<string, Record<string, Operation>>
}
type Enums = Record<string, { enum?: string[] }>
interface Entry {
  path: string
  method: string
  operation: Operation
}

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'
/** Creating before reading, updating and deleting, so that a folder can be run from top to bottom. */
const ORDER = ['create', 'get', 'patch', 'put', 'post', 'delete']

/**
 * Converts the contract to a Postman collection (v2.1): a folder per tag, a request per operation with the contract's
 * own example, both in the order of the contract, which is that of a journey. `baseUrl`, `token` and `adminToken` are
 * variables: a login sets `token`, and that of an admin `adminToken` as well, which requests send that need more than
 * the role of a user. A created resource sets the id that other requests take, as the links of the contract say. The
 * same contract always gives the same text.
 */
export function toPostman(document: object) {
  const { info, servers, tags, paths, components } = document as Contract
  const enums = components?.schemas ?? {}
  const entries = Object.entries(paths).flatMap(([path, methods]) =>
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
      { key: 'adminToken', value: '' },
      { key: 'refresh_token', value: '' }
    ],
    auth: bearer('{{token}}'),
    item: tags.map(({ name, description }) => ({
      name,
      description,
      item: entries
        .filter(({ operation }) => operation.tags[0] === name)
        .sort((a, b) => rank(a) - rank(b))
        .map((entry) => request(entry, enums))
    }))
  }
}

const bearer = (value: string) => ({
  type: 'bearer',
  bearer: [{ key: 'token', value, type: 'string' }]
})

/** How a request authenticates, if not with the token of the collection. */
function authOf({ security, description }: Operation) {
  if (security?.length === 0) {
    return { auth: { type: 'noauth' } }
  }
  return description.includes('Requires the role') ? { auth: bearer('{{adminToken}}') } : {}
}

function rank({ method, operation }: Entry): number {
  return ORDER.indexOf(method === 'post' && idsOf(operation).length > 0 ? 'create' : method)
}

function request({ path, method, operation }: Entry, enums: Enums) {
  const { operationId, summary, description, parameters = [] } = operation
  const [[type, media] = ['', undefined]] = Object.entries(operation.requestBody?.content ?? {})
  const parametersIn = (where: string) => parameters.filter((parameter) => parameter.in === where)
  const optional = ({ name, description, schema }: Parameter) => {
    const values = enums[String(schema.$ref).split('/').at(-1) ?? '']?.enum ?? []
    const isConfirmation = values.length === 1
    return {
      key: name,
      value: String(isConfirmation ? values[0] : (schema.default ?? '')),
      description,
      // What can only have one value is a confirmation, without which nothing happens.
      disabled: !isConfirmation
    }
  }
  return {
    id: operationId,
    name: summary,
    event: [{ listen: 'test', script: { type: 'text/javascript', exec: script(operation) } }],
    request: {
      method: method.toUpperCase(),
      description,
      // Postman sets the media type of a form by itself, with its boundary.
      header: [
        ...(type === 'application/json' ? [{ key: 'Content-Type', value: type }] : []),
        ...parametersIn('header').map(optional)
      ],
      url: {
        raw: `{{baseUrl}}${path.replace(/\{([^}]+)\}/g, ':$1')}`,
        host: ['{{baseUrl}}'],
        path: path
          .slice(1)
          .replace(/\{([^}]+)\}/g, ':$1')
          .split('/'),
        query: parametersIn('query').map(optional),
        variable: parametersIn('path').map(({ name, description }) => ({
          key: name,
          value: `{{${name}}}`,
          description
        }))
      },
      ...(media && { body: body(type, Object.values(media.examples ?? {})[0]?.value) }),
      ...authOf(operation)
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
      raw: JSON.stringify(example, withVariables, 2),
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

/** A refresh token can be used once: the collection sends the latest one. */
const withVariables = (key: string, value: unknown): unknown =>
  key === 'refresh_token' ? '{{refresh_token}}' : value

/** The path parameters that take the id of the resource which an operation creates. */
function idsOf({ responses }: Pick<Operation, 'responses'>): string[] {
  const links = Object.values(responses).flatMap(({ links = {} }) => Object.values(links))
  const parameters = links.flatMap(({ parameters }) => Object.entries(parameters))
  const ids = parameters.filter(([, value]) => value === '$response.body#/id')
  return [...new Set(ids.map(([name]) => name))]
}

/** Returns the script for a response: it checks the status and sets the variables that other requests need. */
function script({ responses }: Operation): string[] {
  const statuses = Object.keys(responses)
    .filter((status) => status !== 'default')
    .map(Number)
  const [status = '', response] =
    Object.entries(responses).find(([status]) => /^2/.test(status)) ?? []
  const ids = idsOf({ responses }).map((name) => set(name, 'id'))
  const isTokenSet = Object.values(response?.content ?? {}).some(({ schema }) =>
    schema.$ref?.endsWith('/TokenSet')
  )
  const tokens = isTokenSet
    ? [
        set('token', 'access_token'),
        `if (body.user.role !== 'user') ${set('adminToken', 'access_token')}`,
        set('refresh_token', 'refresh_token')
      ]
    : []
  const variables = [...ids, ...tokens]
  return [
    "pm.test('The contract has this response', () =>" +
      ` pm.expect(${JSON.stringify(statuses)}).to.include(pm.response.code))`,
    ...(variables.length > 0
      ? [
          `if (pm.response.code === ${status}) {`,
          '  const body = pm.response.json()',
          ...variables.map((line) => `  ${line}`),
          '}'
        ]
      : [])
  ]
}

const set = (variable: string, property: string): string =>
  `pm.collectionVariables.set('${variable}', body.${property})`
