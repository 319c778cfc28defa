import { exampleFaults } from '../../support/examples.ts'
import { RESERVED } from './keywords.ts'
import { lintSchema, SNAKE } from './schemas.ts'
import {
  type Contract,
  isOpenapi30,
  MACHINE_MADE,
  type Media,
  nameOf,
  type Operation,
  type Parameter,
  type Report,
  type Response,
  type Schema
} from './types.ts'

/** Reports what is wrong with one operation: its name, texts, parameters, body and responses. */
export function lintOperation(
  contract: Contract,
  path: string,
  method: string,
  operation: Operation,
  report: Report
): void {
  const { operationId: id, summary = '', tags = [], requestBody, responses } = operation
  report(
    `${method} ${path}`,
    'has no camelCase operationId of up to 40 characters',
    !/^[a-z]+([A-Z][a-z0-9]*)*$/.test(id ?? '') || id.length > 40
  )
  report(
    id,
    'has no summary of up to 50 characters without full stop',
    summary === '' || summary.length > 50 || summary.endsWith('.')
  )
  report(id, 'looks like a generated name', MACHINE_MADE.test(id ?? ''))
  report(
    id,
    'has a security of its own',
    operation.security !== undefined && operation.security.length > 0
  )
  report(id, 'has no description', !operation.description)
  report(
    id,
    'has not exactly one declared tag',
    tags.length !== 1 || !contract.tags.some(({ name }) => name === tags[0])
  )
  lintParameters(contract, path, operation, report)
  if (requestBody) {
    lintMedia(contract, requestBody.content, `${id} request`, report)
  }
  report(`${id} request`, 'is not required', requestBody && !requestBody.required)
  const successes = Object.keys(responses).filter((status) => /^2/.test(status))
  report(id, `has ${successes.length} success responses`, successes.length !== 1)
  for (const [status, response] of Object.entries(responses)) {
    lintResponse(contract, status, response, `${id} ${status}`, report)
  }
  for (const status of expectedStatuses(path, operation)) {
    report(id, `does not document ${status}`, !responses[status])
  }
}

function lintParameters(
  contract: Contract,
  path: string,
  { operationId: id, parameters = [] }: Operation,
  report: Report
): void {
  for (const parameter of parameters) {
    lintParameter(
      parameter,
      `${id} ${parameter.in} ${parameter.name}`,
      report,
      isOpenapi30(contract)
    )
  }
  for (const name of path.matchAll(/\{([^}]+)\}/g)) {
    report(
      `${id} path ${name[1]}`,
      'is not declared',
      !parameters.some((p) => p.in === 'path' && p.name === name[1])
    )
  }
}

function expectedStatuses(path: string, { security, requestBody }: Operation): string[] {
  const isPublic = security?.length === 0
  return [
    '400',
    '429',
    '500',
    '503',
    'default',
    ...(isPublic ? [] : ['401', '403']),
    ...(requestBody ? ['413', '415'] : []),
    ...(path.includes('{') ? ['404'] : [])
  ]
}

function lintParameter(
  { name, in: where, description, required, style, explode, schema }: Parameter,
  place: string,
  report: Report,
  is30: boolean
): void {
  report(place, `is in ${where}`, !['path', 'query', 'header'].includes(where))
  report(place, 'is not snake_case', where !== 'header' && !SNAKE.test(name))
  report(place, 'is a keyword of some language', RESERVED.has(name))
  report(
    place,
    'does not name its resource',
    where === 'path' && (!/^[a-z_]+_id$/.test(name) || !required)
  )
  report(place, 'is a required header', where === 'header' && required)
  report(place, 'is required although it has a default', required && 'default' in schema)
  report(
    place,
    'is a list that does not repeat its key',
    schema.type === 'array' && (style !== 'form' || explode !== true)
  )
  lintSchema({ ...schema, ...(schema.$ref ? {} : { description }) }, place, report, {
    described: true,
    is30
  })
  report(place, 'has no description', schema.$ref && !description)
}

function lintMedia(
  contract: Contract,
  content: Record<string, Media>,
  place: string,
  report: Report
): void {
  const [[type, media] = ['', undefined], ...others] = Object.entries(content)
  if (others.length > 0 || !media) {
    report(place, 'has not exactly one media type')
    return
  }
  if (['text/csv', 'text/x-ndjson', 'text/event-stream'].includes(type)) {
    return
  }
  if (media.schema.$ref === undefined) {
    report(place, 'is no named component')
    return
  }
  if (type === 'application/x-www-form-urlencoded') {
    lintForm(contract.components.schemas[nameOf(media.schema.$ref)] ?? {}, place, report)
  }
  if (type === 'multipart/form-data') {
    return
  }
  const values = Object.values(media.examples ?? {}).map(({ value }) => value)
  report(place, 'has no named example', values.length === 0)
  for (const fault of values.flatMap((value) =>
    exampleFaults(contract, media.schema.$ref as string, value)
  )) {
    report(place, `has an example that is not valid: ${fault}`)
  }
}

/** A form has no nesting, and openapi-generator's Rust client does not compile for one that refers to a component. */
function lintForm({ properties = {} }: Schema, place: string, report: Report): void {
  for (const [name, { $ref, type }] of Object.entries(properties)) {
    report(
      `${place} ${name}`,
      'is more than a scalar in a form',
      $ref || type === 'object' || type === 'array'
    )
  }
}

function lintResponse(
  contract: Contract,
  status: string,
  response: Response,
  place: string,
  report: Report
): void {
  if (!/^[23]/.test(status)) {
    lintProblem(contract, response, place, report)
    return
  }
  report(
    place,
    'has no description',
    !response.description || response.description === 'Default Response'
  )
  const mayHaveBody = status !== '204' && status !== '304'
  report(place, 'has a body', !mayHaveBody && response.content)
  // A 202 may have nothing to return.
  report(place, 'has no body', mayHaveBody && status !== '202' && !response.content)
  if (mayHaveBody && response.content) {
    lintMedia(contract, response.content, place, report)
  }
  for (const [name, header] of Object.entries(response.headers ?? {})) {
    report(`${place} ${name}`, 'is no shared header', !header.$ref)
  }
}

function lintProblem(contract: Contract, { $ref }: Response, place: string, report: Report): void {
  const shared = contract.components.responses[nameOf($ref)]
  if (!shared) {
    report(place, 'is no shared problem')
    return
  }
  const { content = {} } = shared
  if (
    Object.keys(content).join() !== 'application/problem+json' ||
    nameOf(content['application/problem+json']?.schema.$ref) !== 'Problem'
  ) {
    report(place, 'is not a Problem')
  } else {
    lintMedia(contract, content, place, report)
  }
}
