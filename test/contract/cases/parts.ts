import type { Contract, Schema } from '../lint/types.ts'

/** The parts of a contract that cases break. */
export interface Parts {
  c: Contract
  task: Schema
  create: Schema
  post: Operation
  get: Operation
  list: Operation
  patch: Operation
}
export type Operation = Contract['paths'][string][string]
export const text = { type: 'string', maxLength: 10, pattern: '^a*$', description: 'A text.' }
/** Adds a property to a component. */
export const prop =
  (schema: Partial<Schema>) =>
  ({ task }: Parts) => {
    ;(task.properties as Record<string, Schema>).extra = {
      description: 'Extra.',
      ...schema
    } as Schema
    task.required?.push('extra')
  }

/** Something that a contract must not contain, the finding about it, and how to put it there. */
export type Case = [construct: string, finding: RegExp, put: (parts: Parts) => unknown]
