import { lintLinks } from './contract-lint-links.ts'
import {
  lintSchema,
  nameOf,
  RESERVED,
  type Report,
  type Schema,
  SNAKE
} from './contract-lint-schemas.ts'
import { exampleFaults, schemaExamples } from './examples.ts'

interface Media {
  schema: Schema
  example?: unknown
  examples?: Record<string, { value?: unknown }>
}
interface Answer {
  $ref?: string
  description?: string
  content?: Record<string, Media>
  headers?: Record<string, { $ref?: string }>
  links?: Record<string, { operationId?: string; parameters?: Record<string, string> }>
}
interface Parameter {
  name: string
  in: string
  description?: string
  required?: boolean
  style?: string
  explode?: boolean
  schema: Schema
}
export interface Operation {
  operationId: string
  summary?: string
  description?: string
  tags?: string[]
  security?: unknown[]
  parameters?: Parameter[]
  requestBody?: { required?: boolean; content: Record<string, Media> }
  responses: Record<string, Answer>
}
export interface Contract {
  openapi: string
  info: Record<string, unknown>
  servers: { url: string }[]
  security: unknown
  tags: { name: string; description?: string }[]
  paths: Record<string, Record<string, Operation>>
  components: {
    schemas: Record<string, Schema>
    responses: Record<string, Answer>
    headers: Record<string, { description?: string; schema: Schema }>
    securitySchemes: Record<string, { type: string }>
  }
}

const OPTIONAL_IN_ANSWERS = [
  'Pagination.total',
  'Problem.errors',
  'Problem.current_version',
  'Problem.changed_fields',
  'Problem.error',
  'Problem.error_description'
]
/** What a generator calls a schema that has no name of its own. */
const MACHINE_MADE = /Inline|AnyOf|OneOf|AllOf|_type_\d|\d$/

/** Everything in a contract that generated clients would choke on, each finding with its place; empty when the rules are kept. */
export function lintContract(contract: Contract): string[] {
  const findings: string[] = []
  const report: Report = (place, fault) => {
    findings.push(`${place} ${fault}`)
  }
  const operations = Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation }))
  )
  walkFrame(
    contract,
    operations.map(({ operation }) => operation.operationId),
    report
  )
  const is30 = contract.openapi.startsWith('3.0')
  for (const { path, method, operation } of operations) {
    walkOperation(contract, path, method, operation, report)
  }
  for (const { path, method, operation } of operations) {
    lintLinks(contract, path, method, operation, report)
  }
  for (const [name, schema] of Object.entries(contract.components.schemas)) {
    if (!/^([A-Z][a-z0-9]+)+$/.test(name) || name.length > 30) {
      report(name, 'is not a PascalCase name of up to 30 characters')
    }
    if (MACHINE_MADE.test(name)) {
      report(name, 'looks like a name that a machine made')
    }
    lintSchema(schema, name, report, { named: true, described: true, is30 })
    for (const { place, at, value } of schemaExamples(schema, name)) {
      for (const fault of exampleFaults(contract, `#/components/schemas/${at}`, value)) {
        report(place, `has an example that is not valid: ${fault}`)
      }
    }
  }
  walkDirections(
    contract,
    operations.map(({ operation }) => operation),
    report
  )
  return findings
}

function walkFrame(contract: Contract, operationIds: string[], report: Report): void {
  const text = JSON.stringify(contract)
  if (!['3.1.0', '3.0.3'].includes(contract.openapi)) {
    report('openapi', 'is neither 3.1.0 nor 3.0.3')
  }
  for (const key of ['title', 'version', 'description', 'contact', 'license']) {
    if (!contract.info[key]) {
      report('info', `has no ${key}`)
    }
  }
  if (text.includes('oauth2')) {
    report('the document', 'publishes oauth2')
  }
  if (
    JSON.stringify(contract.security) !== '[{"bearerAuth":[]}]' ||
    Object.keys(contract.components.securitySchemes).join() !== 'bearerAuth'
  ) {
    report('security', 'is not bearerAuth alone')
  }
  if (
    contract.servers.length !== 1 ||
    !/^https?:\/\/[^/{}]+$/.test(contract.servers[0]?.url ?? '')
  ) {
    report('servers', 'is not one origin')
  }
  for (const id of new Set(operationIds.filter((id, i) => operationIds.indexOf(id) !== i))) {
    report(id, 'is the name of two operations')
  }
  for (const { name, description } of contract.tags) {
    if (!/^([A-Z][a-z0-9]+)+$/.test(name) || !description) {
      report(`tag ${name}`, 'is not PascalCase with a description')
    }
  }
  for (const { name } of contract.tags) {
    if (
      !Object.values(contract.paths).some((methods) =>
        Object.values(methods).some(({ tags }) => tags?.includes(name))
      )
    ) {
      report(`tag ${name}`, 'has no operation')
    }
  }
  const referred = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref as string))
  const declared = Object.entries(contract.components)
    .filter(([kind]) => kind !== 'securitySchemes')
    .flatMap(([kind, parts]) => Object.keys(parts).map((name) => `#/components/${kind}/${name}`))
  for (const ref of referred) {
    if (!declared.includes(ref)) {
      report(ref, 'is referred to but not there')
    }
  }
  for (const ref of declared) {
    if (!referred.has(ref)) {
      report(ref, 'is there but never referred to')
    }
  }
  for (const [name, header] of Object.entries(contract.components.headers)) {
    lintSchema({ description: header.description, ...header.schema }, `header ${name}`, report, {
      described: true,
      is30: contract.openapi.startsWith('3.0')
    })
  }
  for (const path of Object.keys(contract.paths)) {
    const beside = Object.keys(contract.paths).find(
      (other) =>
        other.replace(/\{[^}]+\}$/, '') === path.replace(/[^/{}]+$/, '') &&
        /\{[^}]+\}$/.test(other) &&
        !/\}$/.test(path)
    )
    if (beside) {
      report(path, `stands beside ${beside}`)
    }
  }
}

function walkOperation(
  contract: Contract,
  path: string,
  method: string,
  operation: Operation,
  report: Report
): void {
  const {
    operationId: id,
    summary = '',
    tags = [],
    parameters = [],
    requestBody,
    responses
  } = operation
  if (!/^[a-z]+([A-Z][a-z0-9]*)*$/.test(id ?? '') || id.length > 40) {
    report(`${method} ${path}`, 'has no camelCase operationId of up to 40 characters')
  }
  if (summary === '' || summary.length > 50 || summary.endsWith('.')) {
    report(id, 'has no summary of up to 50 characters without full stop')
  }
  if (MACHINE_MADE.test(id ?? '')) {
    report(id, 'looks like a name that a machine made')
  }
  if (operation.security !== undefined && operation.security.length > 0) {
    report(id, 'has a security of its own')
  }
  if (!operation.description) {
    report(id, 'has no description')
  }
  if (tags.length !== 1 || !contract.tags.some(({ name }) => name === tags[0])) {
    report(id, 'has not exactly one declared tag')
  }
  for (const parameter of parameters) {
    walkParameter(
      parameter,
      `${id} ${parameter.in} ${parameter.name}`,
      report,
      contract.openapi.startsWith('3.0')
    )
  }
  for (const name of path.matchAll(/\{([^}]+)\}/g)) {
    if (!parameters.some((p) => p.in === 'path' && p.name === name[1])) {
      report(`${id} path ${name[1]}`, 'is not declared')
    }
  }
  if (requestBody) {
    walkMedia(contract, requestBody.content, `${id} request`, report)
  }
  if (requestBody && !requestBody.required) {
    report(`${id} request`, 'is not required')
  }
  const successes = Object.keys(responses).filter((status) => /^2/.test(status))
  if (successes.length !== 1) {
    report(id, `has ${successes.length} success answers`)
  }
  for (const [status, answer] of Object.entries(responses)) {
    walkAnswer(contract, status, answer, `${id} ${status}`, report)
  }
  const isPublic = operation.security?.length === 0
  const expected = [
    '400',
    '429',
    '500',
    '503',
    'default',
    ...(isPublic ? [] : ['401', '403']),
    ...(requestBody ? ['413', '415'] : []),
    ...(path.includes('{') ? ['404'] : [])
  ]
  for (const status of expected) {
    if (!responses[status]) {
      report(id, `does not document ${status}`)
    }
  }
}

function walkParameter(
  { name, in: where, description, required, style, explode, schema }: Parameter,
  place: string,
  report: Report,
  is30: boolean
): void {
  if (!['path', 'query', 'header'].includes(where)) {
    report(place, `is in ${where}`)
  }
  if (where !== 'header' && !SNAKE.test(name)) {
    report(place, 'is not snake_case')
  }
  if (RESERVED.has(name)) {
    report(place, 'is a keyword of some language')
  }
  if (where === 'path' && (!/^[a-z_]+_id$/.test(name) || !required)) {
    report(place, 'does not name its resource')
  }
  if (where === 'header' && required) {
    report(place, 'is a required header')
  }
  if (required && 'default' in schema) {
    report(place, 'is required although it has a default')
  }
  if (schema.type === 'array' && (style !== 'form' || explode !== true)) {
    report(place, 'is a list that does not repeat its key')
  }
  lintSchema({ ...schema, ...(schema.$ref ? {} : { description }) }, place, report, {
    described: true,
    is30
  })
  if (schema.$ref && !description) {
    report(place, 'has no description')
  }
}

function walkMedia(
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
  if (type === 'text/csv') {
    return
  }
  if (media.schema.$ref === undefined) {
    report(place, 'is no named component')
    return
  }
  if (type === 'application/x-www-form-urlencoded') {
    walkForm(contract.components.schemas[nameOf(media.schema.$ref)] ?? {}, place, report)
  }
  if (type === 'multipart/form-data') {
    return
  }
  const values = Object.values(media.examples ?? {}).map(({ value }) => value)
  if (values.length === 0) {
    report(place, 'has no named example')
  }
  for (const fault of values.flatMap((value) =>
    exampleFaults(contract, media.schema.$ref as string, value)
  )) {
    report(place, `has an example that is not valid: ${fault}`)
  }
}

/** A form has no nesting, and openapi-generator's Rust client does not compile for one that refers to a component. */
function walkForm({ properties = {} }: Schema, place: string, report: Report): void {
  for (const [name, { $ref, type }] of Object.entries(properties)) {
    if ($ref || type === 'object' || type === 'array') {
      report(`${place} ${name}`, 'is more than a scalar in a form')
    }
  }
}

function walkAnswer(
  contract: Contract,
  status: string,
  answer: Answer,
  place: string,
  report: Report
): void {
  if (!/^[23]/.test(status)) {
    const shared = contract.components.responses[nameOf(answer.$ref)]
    if (!shared) {
      report(place, 'is no shared problem')
      return
    }
    if (
      Object.keys(shared.content ?? {}).join() !== 'application/problem+json' ||
      nameOf(shared.content?.['application/problem+json']?.schema.$ref) !== 'Problem'
    ) {
      report(place, 'is not a Problem')
    } else {
      walkMedia(contract, shared.content as Record<string, Media>, place, report)
    }
    return
  }
  if (!answer.description || answer.description === 'Default Response') {
    report(place, 'has no description')
  }
  const mayHaveBody = status !== '204' && status !== '304'
  if (!mayHaveBody && answer.content) {
    report(place, 'has a body')
  }
  // What is merely accepted may have nothing to say.
  if (mayHaveBody && status !== '202' && !answer.content) {
    report(place, 'has no body')
  }
  if (mayHaveBody && answer.content) {
    walkMedia(contract, answer.content, place, report)
  }
  for (const [name, header] of Object.entries(answer.headers ?? {})) {
    if (!header.$ref) {
      report(`${place} ${name}`, 'is no shared header')
    }
  }
}

/** What is sent is closed, what is answered is open and whole; a patch requires nothing and defaults nothing, a replacement requires everything. */
function walkDirections(
  { components: { schemas, responses }, paths }: Contract,
  operations: Operation[],
  report: Report
): void {
  const reach = (name: string, seen: Set<string>): Set<string> => {
    if (seen.has(name) || !schemas[name]) {
      return seen
    }
    seen.add(name)
    for (const [, ref] of JSON.stringify(schemas[name]).matchAll(/"\$ref":"([^"]+)"/g)) {
      reach(nameOf(ref), seen)
    }
    return seen
  }
  const roots = (content: Record<string, Media> | undefined) =>
    Object.values(content ?? {}).map((media) => nameOf(media.schema?.$ref))
  const sent = new Set(
    operations
      .flatMap((o) => roots(o.requestBody?.content))
      .flatMap((name) => [...reach(name, new Set())])
  )
  const answered = new Set(
    operations
      .flatMap((o) => Object.values(o.responses))
      .concat(Object.values(responses))
      .flatMap((a) => roots(a.content))
      .flatMap((name) => [...reach(name, new Set())])
  )
  for (const name of sent) {
    if (schemas[name]?.type === 'object' && schemas[name].additionalProperties !== false) {
      report(name, 'is sent but open')
    }
  }
  for (const name of answered) {
    const { properties = {}, required = [], additionalProperties } = schemas[name] as Schema
    if (additionalProperties === false) {
      report(name, 'is answered but closed')
    }
    for (const [property, schema] of Object.entries(properties)) {
      const mayBeAbsent =
        OPTIONAL_IN_ANSWERS.includes(`${name}.${property}`) ||
        schemas[nameOf(schema.$ref)]?.type === 'object'
      if (!required.includes(property) && !mayBeAbsent) {
        report(`${name}.${property}`, 'may be missing in an answer')
      }
    }
  }
  for (const methods of Object.values(paths)) {
    for (const name of roots(methods.patch?.requestBody?.content)) {
      walkPatch(name, schemas[name] ?? {}, report)
    }
    for (const name of roots(methods.put?.requestBody?.content)) {
      for (const property of Object.keys(schemas[name]?.properties ?? {})) {
        if (!schemas[name]?.required?.includes(property)) {
          report(`${name}.${property}`, 'may be missing in a replacement')
        }
      }
    }
  }
}

function walkPatch(name: string, schema: Schema, report: Report): void {
  if (schema.required?.length) {
    report(name, 'is a patch that requires fields')
  }
  if (schema.minProperties !== 1) {
    report(name, 'is a patch that may be empty')
  }
  if (JSON.stringify(schema.properties).includes('"default":')) {
    report(name, 'is a patch with a default')
  }
}
