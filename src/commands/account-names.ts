import { MeUpdate, schemas } from '../features/account/schema.ts'
import { validatorOf } from '../http/validation.ts'
import { CommandError } from './bootstrap.ts'

/** What a new account is named by. */
export interface Names {
  username?: string | undefined
  email?: string | undefined
}

const isValid = (fields: MeUpdate): boolean => validatorOf(MeUpdate, schemas)(fields).length === 0

/** Rejects names that no account can have. */
export function checkNames({ username, email }: Names): void {
  if (username === undefined && email === undefined) {
    throw new CommandError('Set --username, --email, or both.')
  }
  if (username !== undefined && !isValid({ username })) {
    throw new CommandError(
      'A username has up to 64 letters, digits, dots, underscores and hyphens.'
    )
  }
  if (email !== undefined && !isValid({ email })) {
    throw new CommandError('An email looks like ann@example.com.')
  }
}

/** Rejects a display name that the API would reject. */
export function checkDisplayName(name: string | undefined): void {
  if (name !== undefined && !isValid({ name })) {
    throw new CommandError('A name is one line of up to 100 characters that is not blank.')
  }
}
