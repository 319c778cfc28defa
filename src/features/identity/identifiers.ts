import { type FieldError, invalidField, Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { classifyDbError } from '../../db/errors.ts'
import { findTaken } from './users.queries.ts'

interface Identifiers {
  username?: string | undefined
  email?: string | undefined
}

/** Rejects an account that nothing identifies. */
export function assertIdentified({ username, email }: Identifiers): void {
  if (username === undefined && email === undefined) {
    throw invalidField('body', '/username', 'required', 'Give a username, an email, or both.')
  }
}

/** Runs a change of identifiers; when the unique index rejects it, throws a 409 that names the taken field. */
export async function mapUniqueViolation<T>(
  db: Db,
  identifiers: Identifiers,
  change: () => Promise<T>
): Promise<T> {
  try {
    return await change()
  } catch (error) {
    if (classifyDbError(error) !== 'unique_violation') {
      throw error
    }
    const taken = await findTaken(db, identifiers)
    throw accountExists((['username', 'email'] as const).filter((field) => taken[field]))
  }
}

/** The problem of identifiers that belong to another account. */
export function accountExists(fields: ('username' | 'email')[]): Problem {
  const errors = fields.map(
    (field): FieldError => ({
      in: 'body',
      pointer: `/${field}`,
      code: 'taken',
      detail: `An account with this ${field} already exists.`
    })
  )
  return new Problem('account_exists', { extras: errors.length > 0 ? { errors } : {} })
}
