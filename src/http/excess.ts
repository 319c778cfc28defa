import type { TSchema } from '@sinclair/typebox'
import type { ErrorObject } from 'ajv'

type Shared = Record<string, object>
type Schema = Partial<TSchema>

/** What a value may have beyond its schema and still be validated in full: a few typing errors are all named. */
const TOLERANCE = 10

/**
 * Returns the first ten unknown members of an object that has far more than its schema, or the excess of a list that
 * is far too long: validating all of them would keep the process busy. Undefined when there is no such value.
 */
export function excessOf(
  given: Schema,
  shared: Shared,
  value: unknown,
  path = ''
): ErrorObject[] | undefined {
  const schema: Schema = given.$ref ? (shared[given.$ref] ?? {}) : given
  if (value === null || typeof value !== 'object') {
    return undefined
  }
  return Array.isArray(value)
    ? excessOfList(schema, shared, value, path)
    : excessOfObject(schema, shared, value as Record<string, unknown>, path)
}

function excessOfList(schema: Schema, shared: Shared, list: unknown[], path: string) {
  const { maxItems, items } = schema
  if (maxItems !== undefined && list.length > maxItems + TOLERANCE) {
    return [error('maxItems', path, { limit: maxItems }, schema)]
  }
  return (
    items && firstOf(list.entries(), (i, item) => excessOf(items, shared, item, `${path}/${i}`))
  )
}

function excessOfObject(
  schema: Schema,
  shared: Shared,
  object: Record<string, unknown>,
  path: string
) {
  const properties: Record<string, Schema> | undefined = schema.properties
  if (properties === undefined) {
    return undefined
  }
  const names = Object.keys(object)
  if (names.length > Object.keys(properties).length + TOLERANCE) {
    return names
      .filter((name) => !Object.hasOwn(properties, name))
      .slice(0, TOLERANCE)
      .map((additionalProperty) =>
        error('additionalProperties', path, { additionalProperty }, schema)
      )
  }
  return firstOf(Object.entries(properties), (name, inner) =>
    excessOf(inner, shared, object[name], `${path}/${name}`)
  )
}

function firstOf<K, V, T>(
  entries: Iterable<[K, V]>,
  find: (key: K, value: V) => T | undefined
): T | undefined {
  for (const [key, value] of entries) {
    const found = find(key, value)
    if (found !== undefined) {
      return found
    }
  }
  return undefined
}

/** An error in the form of the validator. */
const error = (
  keyword: string,
  instancePath: string,
  params: Record<string, unknown>,
  parentSchema: Schema
): ErrorObject => ({ keyword, instancePath, schemaPath: '', params, parentSchema })
