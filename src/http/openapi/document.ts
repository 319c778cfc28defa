import type { Document, Operation, RawDocument } from './document-types.ts'
import { HEADERS } from './headers.ts'
import { addLinks } from './links.ts'
import { completeOperation } from './operations.ts'
import { problemResponses } from './responses.ts'

export type { Document, Operation, RawDocument } from './document-types.ts'

/**
 * Completes what the routes declare: the problems that any operation may respond with, headers, links, examples, a
 * stable order. Pure: the same routes give the same document, byte for byte.
 */
export function buildDocument(raw: RawDocument): Document {
  const document = structuredClone(raw)
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const operation of Object.values(methods)) {
      completeOperation(document, path, operation)
    }
  }
  addLinks(document.paths)
  for (const schema of Object.values(document.components.schemas)) {
    cleanSchema(schema)
  }
  document.components.responses = usedIn(
    JSON.stringify(document.paths),
    'responses',
    problemResponses()
  )
  document.components.headers = usedIn(
    JSON.stringify([document.paths, document.components.responses]),
    'headers',
    HEADERS
  )
  return { ...(sorted(document) as Document), paths: inOrder(document) }
}

/** What is created comes before what is done with it. */
const METHODS = ['post', 'get', 'patch', 'put', 'delete']

/**
 * Puts paths into the order of tags, which is that of a journey: those of a tag as their routes are registered, so that
 * an addition never moves anything else.
 */
function inOrder({ paths, tags }: Document): Document['paths'] {
  const names = tags.map(({ name }) => name)
  const rankOf = (methods: Record<string, Operation>): number =>
    Math.min(...Object.values(methods).map(({ tags: [tag = ''] }) => names.indexOf(tag)))
  return Object.fromEntries(
    Object.entries(paths)
      .sort(([, a], [, b]) => rankOf(a) - rankOf(b))
      .map(([path, methods]) => [
        path,
        Object.fromEntries(
          METHODS.flatMap((name) => (methods[name] ? [[name, sorted(methods[name], 3)]] : []))
        ) as typeof methods
      ])
  )
}

/** Leaves out the components that nothing refers to. */
function usedIn(
  text: string,
  kind: string,
  parts: Record<string, unknown>
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parts).filter(([name]) => text.includes(`"#/components/${kind}/${name}"`))
  )
}

/** Removes what only our own code reads: rules and messages of validation, and `$id`. */
function cleanSchema(schema: unknown): void {
  if (schema === null || typeof schema !== 'object') {
    return
  }
  delete (schema as Record<string, unknown>)['x-hint']
  delete (schema as Record<string, unknown>)['x-elsewhere']
  delete (schema as Record<string, unknown>)['x-moment']
  delete (schema as Record<string, unknown>)['x-visible']
  delete (schema as Record<string, unknown>).$id
  for (const inner of Object.values(schema)) {
    cleanSchema(inner)
  }
}

/** Sorts components and keys by name, so that an addition never moves anything else. */
function sorted(value: unknown, depth = 0): unknown {
  if (Array.isArray(value) || value === null || typeof value !== 'object' || depth > 3) {
    return value
  }
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner, depth + 1)])
  )
}
