import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type { TSchema } from '@sinclair/typebox'
import { referenced } from './serialization.ts'

/**
 * Returns how a component is written as JSON outside of the response of a route, by the same allow-list. Compiled when
 * it is first needed.
 */
export function componentSerializer(component: TSchema, components: readonly TSchema[]) {
  let serialize: ((body: unknown) => string) | undefined
  return (body: unknown): string => {
    serialize ??= compile(component, components)
    return serialize(body)
  }
}

function compile(component: TSchema, components: readonly TSchema[]): (body: unknown) => string {
  const named = Object.fromEntries(components.map((it) => [it.$id as string, it]))
  const build = SerializerSelector()(referenced(component, named), {} as never)
  return build({ schema: component } as never) as (body: unknown) => string
}
