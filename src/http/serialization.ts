import { type Options, SerializerSelector } from '@fastify/fast-json-stringify-compiler'

type Components = Record<string, object>
type Route = Parameters<ReturnType<ReturnType<typeof SerializerSelector>>>[0]

/**
 * Serialisers by the schema of an answer, which is the allow-list of what goes out. Each is made from the components
 * that it mentions (Fastify's default has every one look through all of them) and when the first answer needs it.
 */
export function buildSerializer(shared: Components, options: Options) {
  const build = SerializerSelector()
  return (route: Route) => {
    let serialize: ((answer: unknown) => string) | undefined
    return (answer: unknown) => {
      serialize ??= build(mentioned(route.schema as object, shared), options)(route)
      return serialize(answer)
    }
  }
}

function mentioned(schema: object, shared: Components, found: Components = {}): Components {
  for (const [name, part] of Object.entries(schema)) {
    if (name === '$ref' && shared[part] && !found[part]) {
      found[part] = shared[part]
      mentioned(shared[part], shared, found)
    } else if (typeof part === 'object' && part !== null) {
      mentioned(part, shared, found)
    }
  }
  return found
}
