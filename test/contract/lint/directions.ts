import {
  type Contract,
  type Media,
  nameOf,
  type Operation,
  type Report,
  type Schema
} from './types.ts'

type Schemas = Contract['components']['schemas']
type Content = Record<string, Media> | undefined

const OPTIONAL_IN_RESPONSES = [
  'Pagination.total',
  'Problem.errors',
  'Problem.current_version',
  'Problem.changed_fields',
  'Problem.error',
  'Problem.error_description'
]

/**
 * Reports requests that are open, responses that are closed or incomplete, patches that require or default something,
 * and replacements that do not require everything.
 */
export function lintDirections(
  { components: { schemas, responses }, paths }: Contract,
  operations: Operation[],
  report: Report
): void {
  const sent = operations.map(({ requestBody }) => requestBody?.content)
  for (const name of reachable(schemas, sent)) {
    const isOpen = schemas[name]?.additionalProperties !== false
    report(name, 'is sent but open', schemas[name]?.type === 'object' && isOpen)
  }
  const returned = [...operations.flatMap((o) => Object.values(o.responses))]
    .concat(Object.values(responses))
    .map(({ content }) => content)
  for (const name of reachable(schemas, returned)) {
    lintReturned(schemas, name, report)
  }
  for (const { patch, put } of Object.values(paths)) {
    for (const name of componentsOf(patch?.requestBody?.content)) {
      lintPatch(name, schemas[name] ?? {}, report)
    }
    for (const name of componentsOf(put?.requestBody?.content)) {
      lintReplacement(name, schemas[name] ?? {}, report)
    }
  }
}

const componentsOf = (content: Content): string[] =>
  Object.values(content ?? {}).map((media) => nameOf(media.schema?.$ref))

/** Returns the components that some bodies refer to, directly or through others. */
function reachable(schemas: Schemas, contents: Content[]): Set<string> {
  const seen = new Set<string>()
  const visit = (name: string): void => {
    if (seen.has(name) || !schemas[name]) {
      return
    }
    seen.add(name)
    for (const [, ref] of JSON.stringify(schemas[name]).matchAll(/"\$ref":"([^"]+)"/g)) {
      visit(nameOf(ref))
    }
  }
  for (const name of contents.flatMap(componentsOf)) {
    visit(name)
  }
  return seen
}

function lintReturned(schemas: Schemas, name: string, report: Report): void {
  const { properties = {}, required = [], additionalProperties } = schemas[name] ?? {}
  report(name, 'is returned but closed', additionalProperties === false)
  for (const [property, schema] of Object.entries(properties)) {
    const path = `${name}.${property}`
    const isOptional =
      OPTIONAL_IN_RESPONSES.includes(path) || schemas[nameOf(schema.$ref)]?.type === 'object'
    report(path, 'may be missing in a response', !required.includes(property) && !isOptional)
  }
}

function lintPatch(name: string, schema: Schema, report: Report): void {
  const hasDefault = JSON.stringify(schema.properties).includes('"default":')
  report(name, 'is a patch that requires fields', schema.required?.length)
  report(name, 'is a patch that may be empty', schema.minProperties !== 1)
  report(name, 'is a patch with a default', hasDefault)
}

/** What follows from another field is no loss where it is missing. */
const FOLLOWING = new Set([
  'TaskReplace.all_day',
  'TaskReplace.project_id',
  'TaskReplace.parent_id'
])

function lintReplacement(name: string, schema: Schema, report: Report): void {
  for (const property of Object.keys(schema.properties ?? {})) {
    const isRequired = schema.required?.includes(property)
    const isLost = !isRequired && !FOLLOWING.has(`${name}.${property}`)
    report(`${name}.${property}`, 'may be missing in a replacement', isLost)
  }
}
