import { Ajv2020 } from 'ajv/dist/2020.js'
import { isTimestamp } from '../../src/lib/timestamp.ts'
import type { Schema } from '../contract/lint/types.ts'

export const formats = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  'date-time': { validate: isTimestamp },
  date: /^\d{4}-\d{2}-\d{2}$/,
  email: /^\S+@\S+\.\S+$/,
  uri: { validate: (text: string) => URL.canParse(text) },
  int32: true,
  int64: true,
  double: true,
  password: true,
  binary: true
} as const
const compiled = new WeakMap<object, Ajv2020>()

/** Returns the differences between an example and the component at `ref` of the contract. */
export function exampleFaults(contract: object, ref: string, example: unknown): string[] {
  const ajv =
    compiled.get(contract) ??
    new Ajv2020({ strict: false, allErrors: true, logger: false, formats }).addSchema(
      contract,
      'contract'
    )
  compiled.set(contract, ajv)
  try {
    const validate = ajv.getSchema(`contract${ref}`)
    if (!validate) {
      return [`there is no ${ref}`]
    }
    return validate(example)
      ? []
      : (validate.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message}`)
  } catch (error) {
    return [(error as Error).message]
  }
}

/** Returns every example in a component or a part of it, in the form of 3.1 or of 3.0. */
export function schemaExamples(
  schema: Schema,
  place: string,
  at = place
): { place: string; at: string; value: unknown }[] {
  return [
    ...ownExamples(schema).map((value) => ({ place, at, value })),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      schemaExamples(property, `${place}.${name}`, `${at}/properties/${name}`)
    ),
    ...(typeof schema.items === 'object'
      ? schemaExamples(schema.items, `${place}[]`, `${at}/items`)
      : [])
  ]
}

function ownExamples({ examples, ...schema }: Schema): unknown[] {
  if (Array.isArray(examples)) {
    return examples
  }
  return 'example' in schema ? [schema.example] : []
}
