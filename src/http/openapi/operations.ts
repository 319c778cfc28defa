import { catalogue, type ProblemCode } from '../../core/problem.ts'
import type {
  Components,
  Media,
  Operation,
  Parameter,
  RawDocument,
  ResponseObject
} from './document-types.ts'
import { COMMON_HEADERS, useHeader } from './headers.ts'
import { isPaged, itemPathOf } from './links.ts'
import { useProblemResponse } from './responses.ts'

type Schemas = Components['schemas']

/** Completes one operation: who may call it, its parameters, examples, headers and the problems it may respond with. */
export function completeOperation(
  { paths, components: { schemas } }: RawDocument,
  path: string,
  operation: Operation
): void {
  const { 'x-allow': allow, 'x-scope': scope, 'x-problems': codes = [] } = operation
  delete operation['x-allow']
  delete operation['x-scope']
  delete operation['x-problems']
  describeAccess(operation, allow, scope)
  for (const parameter of operation.parameters ?? []) {
    completeParameter(parameter, schemas)
  }
  if (operation.requestBody) {
    operation.requestBody.required = true
  }
  for (const media of Object.values(operation.requestBody?.content ?? {})) {
    addExample(media, schemas)
  }
  const isItemReadable = paths[itemPathOf(paths, path) ?? '']?.get !== undefined
  for (const [status, response] of Object.entries(operation.responses)) {
    for (const media of Object.values(response.content ?? {})) {
      addExample(media, schemas)
    }
    response.headers = {
      ...COMMON_HEADERS,
      ...contentHeaders(status, response, schemas),
      ...(isItemReadable && creationHeaders(status)),
      ...(isPaged(operation) && status === '200' && { Link: useHeader('Link') })
    }
  }
  for (const status of problemStatuses(operation, allow, codes)) {
    operation.responses[status] = useProblemResponse(status)
  }
  operation.responses.default = useProblemResponse('default')
  if (codes.length > 0) {
    const list = codes.map((code) => `\`${code}\` (${catalogue[code][0]})`).join(', ')
    operation.description += ` Problems: ${list}.`
  }
}

function describeAccess(operation: Operation, allow?: string, scope?: string): void {
  if (allow === 'anyone') {
    operation.security = []
    return
  }
  if (allow !== 'user') {
    operation.description += ` Requires the role \`${allow}\`.`
  }
  operation.description += scope
    ? ` API keys need the scope \`${scope}\`.`
    : ' Not available to API keys.'
}

function problemStatuses(
  { requestBody }: Operation,
  allow: string | undefined,
  codes: ProblemCode[]
): number[] {
  const always = [400, 429, 500, 503]
  const body = requestBody ? [413, 415] : []
  const role = allow === 'anyone' ? [] : [401, 403]
  return [...new Set([...always, ...body, ...role, ...codes.map((code) => catalogue[code][0])])]
}

function completeParameter(parameter: Parameter, schemas: Schemas): void {
  parameter.required ??= false
  // A description beside a reference gets lost, so the parameter takes the component's own.
  parameter.description ??= componentOf(parameter.schema, schemas)?.description
  if (parameter.schema.type === 'array') {
    Object.assign(parameter, { style: 'form', explode: true })
  }
  delete parameter.schema['x-hint']
  delete parameter.schema['x-moment']
}

/** The headers that follow from what the response carries: an ETag with a versioned resource, a name with a file. */
function contentHeaders(status: string, { content }: ResponseObject, schemas: Schemas) {
  const bodies = Object.entries(content ?? {})
    .filter(([type]) => type !== 'text/event-stream')
    .map(([, { schema }]) => schema)
  const isVersioned = content
    ? bodies.some((schema) => 'version' in (componentOf(schema, schemas)?.properties ?? {}))
    : status === '304'
  return {
    ...(isVersioned && { ETag: useHeader('EntityTag') }),
    ...(bodies.some(({ $ref }) => $ref === undefined) && {
      'Content-Disposition': useHeader('ContentDisposition')
    })
  }
}

/** Where a new resource is; with 202 also when to look for its result. */
const creationHeaders = (status: string) => ({
  ...((status === '201' || status === '202') && { Location: useHeader('Location') }),
  ...(status === '202' && { 'Retry-After': useHeader('RetryAfter') })
})

/** Takes the example of the component that a body refers to. */
function addExample(media: Media, schemas: Schemas): void {
  const { description, examples = [] } = componentOf(media.schema, schemas) ?? {}
  if (examples[0] !== undefined) {
    const [summary = ''] = String(description).replaceAll('`', '').split(/[;:.]/)
    media.examples = { [nameOf(media.schema)]: { summary, value: examples[0] } }
  }
}

const nameOf = ({ $ref }: { $ref?: unknown }): string =>
  String($ref ?? '')
    .split('/')
    .at(-1) ?? ''

const componentOf = (schema: { $ref?: unknown }, schemas: Schemas) => schemas[nameOf(schema)]
