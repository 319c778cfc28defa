import type { Contract, Schema } from '../contract/lint/types.ts'
import { pick, type Random } from './random.ts'

/** Returns a value that a schema allows, or nearly. */
export type Sample = (schema: Schema) => unknown

const TEXTS = ['a', 'Paint the door', 'ann', 'ann@example.com', 'correct horse battery']
const TIMESTAMPS = ['2026-02-01T18:00:00+01:00', '2024-02-29T00:00:00Z']

/** Creates the samples of a contract's schemas; ids are among the known ones. */
export function createSampler({ components }: Contract, random: Random, ids: string[]): Sample {
  const sample: Sample = (reference) => {
    const schema = resolve(reference, components.schemas)
    if (schema.enum) {
      return pick(random, schema.enum)
    }
    if (Array.isArray(schema.examples) && random() < 0.7) {
      return structuredClone(schema.examples[0])
    }
    if (schema.format === 'uuid') {
      return pick(random, ids)
    }
    return schema.format === 'date-time' ? pick(random, TIMESTAMPS) : byType(schema)
  }
  const byType = ({ type, items, properties = {}, default: fallback }: Schema): unknown => {
    switch ([type].flat()[0]) {
      case 'integer':
        return fallback ?? Math.floor(random() * 100)
      case 'boolean':
        return random() < 0.5
      case 'array':
        return Array.from({ length: Math.floor(random() * 3) }, () => sample(items ?? {}))
      case 'object':
        return Object.fromEntries(
          Object.entries(properties)
            .filter(() => random() < 0.7)
            .map(([name, inner]) => [name, sample(inner)])
        )
      default:
        return pick(random, TEXTS)
    }
  }
  return sample
}

const resolve = (schema: Schema, schemas: Contract['components']['schemas']): Schema =>
  schema.$ref ? (schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}) : schema
