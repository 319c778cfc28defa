import { v7 as uuidv7 } from 'uuid'
import type { Role } from '../../core/caller.ts'
import { type FieldError, Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { failureOf } from '../../db/failures.ts'
import { changeUser, claimFirstAdmin, findTaken, insertUser } from './queries.ts'
import type { MeUpdate, User } from './schema.ts'

export { countUsers, findCredentials, findUser } from './queries.ts'

export interface Registration { username?: string | undefined, email?: string | undefined, name?: string | undefined, password_hash: string }

/**
 * Makes an account; every path that makes one comes through here. With `mayBeFirstAdmin` the first account of the
 * installation becomes admin: a singleton row decides, so that of parallel first registrations exactly one does.
 */
export async function createUser (tx: Db, { username, email, name, password_hash }: Registration, role: Role, mayBeFirstAdmin: boolean): Promise<User> {
  const id = uuidv7()
  const isFirst = (mayBeFirstAdmin || role === 'admin') && await claimFirstAdmin(tx, id)
  return insertUser(tx, {
    id, password_hash, username: username ?? null, email: email?.toLowerCase() ?? null, name: name?.trim() ?? null, role: isFirst ? 'admin' : role
  })
}

/** Runs a change of identifiers; the unique index decides, and its refusal becomes a 409 that names the taken field. */
export async function refuseTaken<T> (db: Db, identifiers: { username?: string | undefined, email?: string | undefined }, change: () => Promise<T>): Promise<T> {
  try {
    return await change()
  } catch (error) {
    if (failureOf(error) !== 'duplicate') throw error
    const taken = await findTaken(db, identifiers)
    const errors = (['username', 'email'] as const).filter((field) => taken[field]).map((field): FieldError => (
      { in: 'body', pointer: `/${field}`, code: 'taken', detail: `An account with this ${field} exists.` }))
    throw new Problem('account_exists', { extras: errors.length > 0 ? { errors } : {} })
  }
}

/** Changes one's own profile. */
export async function updateMe (db: Db, id: string, { username, name }: MeUpdate): Promise<User> {
  const change = { ...(username !== undefined && { username }), ...(name !== undefined && { name: name?.trim() ?? null }) }
  const user = await refuseTaken(db, { username }, () => changeUser(db, id, change))
  if (!user) throw new Problem('not_found')
  return user
}
