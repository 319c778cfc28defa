import { type Options, SerializerSelector } from '@fastify/fast-json-stringify-compiler'

type Components = Record<string, object>
type Route = Parameters<ReturnType<ReturnType<typeof SerializerSelector>>>[0]

/**
 * Builds serialisers from response schemas, which are the allow-list of what is sent. Each gets the components that it
 * refers to (Fastify's default gives each one all of them) and is compiled when the first response needs it.
 */
export function buildSerializer(shared: Components, options: Options) {
  const build = SerializerSelector()
  return (route: Route) => {
    let serialize: ((body: unknown) => string) | undefined
    return (body: unknown) => {
      serialize ??= build(referenced(route.schema as object, shared), options)(route)
      return serialize(body)
    }
  }
}

/** Returns the components that a schema refers to, directly or not. */
export function referenced(schema: object, shared: Components, found: Components = {}): Components {
  for (const [name, part] of Object.entries(schema)) {
    if (name === '$ref' && shared[part] && !found[part]) {
      found[part] = shared[part]
      referenced(shared[part], shared, found)
    } else if (typeof part === 'object' && part !== null) {
      referenced(part, shared, found)
    }
  }
  return found
}
