import { displayNameOptions, Username } from '../features/identity/schema.ts'
import { isEmail } from '../lib/email.ts'
import { isVisible } from '../lib/visible.ts'
import { CommandError } from './bootstrap.ts'

/** What a new account is named by. */
export interface Names {
  username?: string | undefined
  email?: string | undefined
}

const usernamePattern = new RegExp(String(Username.pattern))
const displayNamePattern = new RegExp(displayNameOptions.pattern, 'u')
const isDisplayName = (text: string): boolean => displayNamePattern.test(text) && isVisible(text)
const isUsername = (text: string): boolean =>
  usernamePattern.test(text) && text.length <= (Username.maxLength ?? 0)

/** Rejects names that no account can have. */
export function checkNames({ username, email }: Names): void {
  if (username === undefined && email === undefined) {
    throw new CommandError('Set --username, --email, or both.')
  }
  if (username !== undefined && !isUsername(username)) {
    throw new CommandError(
      'A username has up to 64 letters, digits, dots, underscores and hyphens.'
    )
  }
  if (email !== undefined && !isEmail(email)) {
    throw new CommandError('An email looks like ann@example.com.')
  }
}

/** Rejects a display name that the API would reject. */
export function checkDisplayName(name: string | undefined): void {
  if (name !== undefined && !isDisplayName(name)) {
    throw new CommandError('A name is one line of up to 100 characters that is not blank.')
  }
}
