import { invalidField, Problem } from '../../core/problem.ts'
import { isUuidV7 } from '../../lib/uuid.ts'
import type { TaskBatchOperation } from './batch.schema.ts'
import type { TaskCreate } from './schema.ts'

/** The ids that operations name, each once, in order. */
export const idsOf = (operations: TaskBatchOperation[]): string[] =>
  [...new Set(operations.flatMap(({ id }) => id?.toLowerCase() ?? []))].sort()

/** Throws when an earlier operation names the same id. */
export function assertIdIsNew(
  seenIds: Set<string>,
  { id }: TaskBatchOperation,
  pointer: string
): void {
  const key = id?.toLowerCase()
  if (key === undefined) {
    return
  }
  if (seenIds.has(key)) {
    throw invalidField('body', `${pointer}/id`, 'repeated', 'Each task may occur once in a batch.')
  }
  seenIds.add(key)
}

/** Returns the body of the request to create a task that an operation stands for, or throws what is wrong with it. */
export function bodyOfCreate(
  { id, if_version, data }: TaskBatchOperation,
  pointer: string
): TaskCreate {
  if (if_version !== undefined) {
    throw invalidField(
      'body',
      `${pointer}/if_version`,
      'unknown_field',
      'if_version has no meaning with create.'
    )
  }
  const title = data?.title
  if (title === undefined) {
    throw required(`${pointer}/data/title`, 'title is required with create.')
  }
  if (id !== undefined && !isUuidV7(id)) {
    throw invalidField('body', `${pointer}/id`, 'malformed', 'id must be a UUIDv7.')
  }
  return { ...data, title, ...(id && { id }) }
}

/** Returns the id of the task to change, or throws what is wrong with the form of the operation. */
export function idOfChange({ op, id, data }: TaskBatchOperation, pointer: string): string {
  if (id === undefined) {
    throw required(`${pointer}/id`, `id is required with ${op}.`)
  }
  if (op === 'delete' && data !== undefined) {
    throw invalidField(
      'body',
      `${pointer}/data`,
      'unknown_field',
      'data has no meaning with delete.'
    )
  }
  if (op === 'update' && Object.keys(data ?? {}).length === 0) {
    throw required(`${pointer}/data`, 'data must name at least one field with update.')
  }
  return id.toLowerCase()
}

const required = (pointer: string, detail: string) =>
  invalidField('body', pointer, 'required', detail)

/** Returns the same problem, with a pointer to the operation that caused it. */
export function withPointer(problem: Problem, pointer: string): Problem {
  const errors = problem.extras.errors ?? [
    { in: 'body' as const, pointer, code: problem.code, detail: problem.message }
  ]
  return new Problem(problem.code, {
    detail: problem.message,
    extras: { ...problem.extras, errors },
    headers: problem.headers
  })
}
