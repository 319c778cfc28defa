import { and, eq, isNull, ne, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { owners } from '../../db/tables/owners.ts'
import { firstAdmin, foldedUsername, users } from '../../db/tables/users.ts'
import { emailKey } from '../../lib/email.ts'
import type { User } from './schema.ts'

const userColumns = {
  id: users.id,
  username: users.username,
  email: users.email,
  name: users.name,
  role: users.role,
  email_verified: users.email_verified,
  created_at: users.created_at
}
const accountColumns = { ...userColumns, disabled: users.disabled }
const credentialColumns = { ...accountColumns, password_hash: users.password_hash }

export type Account = User & { disabled: boolean }
export type StoredCredentials = Account & { password_hash: string | null }
export type Identifier = { username: string } | { email: string } | { id: string }
export type NewUser = Pick<
  typeof users.$inferInsert,
  'id' | 'username' | 'email' | 'email_verified' | 'name' | 'password_hash' | 'role'
>
export type UserChange = Partial<
  Pick<
    typeof users.$inferInsert,
    'username' | 'name' | 'email' | 'email_verified' | 'password_hash' | 'role' | 'disabled'
  >
>

export async function findUser(db: Db, identifier: Identifier): Promise<User | undefined> {
  const [row] = await db.select(userColumns).from(users).where(matches(identifier))
  return row
}

/** Returns the account behind an identifier with what is needed to check a password. */
export async function findCredentials(
  db: Db,
  identifier: Identifier
): Promise<StoredCredentials | undefined> {
  const [row] = await db.select(credentialColumns).from(users).where(matches(identifier))
  return row
}

/** Any number that all instances share: the ASCII codes of 'admi'. */
const ADMIN_LOCK = 0x61646d69

/** Locks an account until the transaction ends: meanwhile nobody opens a session for it or changes it. */
export async function lockCredentials(tx: Db, id: string): Promise<StoredCredentials | undefined> {
  const [row] = await tx
    .select(credentialColumns)
    .from(users)
    .where(matches({ id }))
    .for('no key update')
  return row
}

export async function findAccount(db: Db, id: string): Promise<Account | undefined> {
  const [row] = await db.select(accountColumns).from(users).where(matches({ id }))
  return row
}

/** Locks an account for a change of it, or so that nobody changes it: any number may share such a lock. */
export async function lockUser(
  tx: Db,
  id: string,
  strength: 'no key update' | 'share'
): Promise<Account | undefined> {
  const [row] = await tx.select(accountColumns).from(users).where(matches({ id })).for(strength)
  return row
}

/** Lets the transactions that might leave no active admin take turns. */
export async function lockAdmins(tx: Db): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${ADMIN_LOCK})`)
}

/** Returns true when somebody other than this account is an active admin. */
export async function hasOtherAdmin(tx: Db, id: string): Promise<boolean> {
  const [other] = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, 'admin'), eq(users.disabled, false), ne(users.id, id)))
    .limit(1)
  return other !== undefined
}

/** Inserts an account and the row that owned rows refer to, in the caller's transaction. */
export async function insertUser(tx: Db, user: NewUser): Promise<User> {
  const [row] = await tx.insert(users).values(user).returning(userColumns)
  // It is there where a trigger has written it, for instances of the previous release.
  await tx.insert(owners).values({ owner_id: user.id }).onConflictDoNothing()
  return row as User
}

/** Returns true for exactly one caller in the life of an installation. */
export async function claimFirstAdmin(tx: Db, user_id: string): Promise<boolean> {
  const claimed = await tx
    .insert(firstAdmin)
    .values({ user_id })
    .onConflictDoNothing()
    .returning({ user_id: firstAdmin.user_id })
  return claimed.length === 1
}

export async function updateUser(
  tx: Db,
  id: string,
  change: UserChange
): Promise<Account | undefined> {
  const [row] = await tx
    .update(users)
    .set({ ...change, updated_at: sql`now()` })
    .where(matches({ id }))
    .returning(accountColumns)
  return row
}

/** Says which of the two identifiers belong to an account already. */
export async function findTaken(
  db: Db,
  { username, email }: { username?: string | undefined; email?: string | undefined }
): Promise<{ username: boolean; email: boolean }> {
  return {
    username: username !== undefined && (await findUser(db, { username })) !== undefined,
    email: email !== undefined && (await findUser(db, { email })) !== undefined
  }
}

function matches(identifier: Identifier): SQL {
  if ('id' in identifier) {
    return and(eq(users.id, identifier.id), isNull(users.deleted_at)) as SQL
  }
  return 'email' in identifier
    ? eq(users.email, emailKey(identifier.email))
    : sql`${foldedUsername(users.username)} = ${identifier.username.toLowerCase()}`
}
