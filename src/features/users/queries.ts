import { eq, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { firstAdmin, users } from '../../db/tables/users.ts'
import type { User } from './schema.ts'

const columns = {
  id: users.id, username: users.username, email: users.email, name: users.name, role: users.role, email_verified: users.email_verified, created_at: users.created_at
}
export type Credentials = User & { password_hash: string | null, disabled: boolean }
export type NewUser = Pick<typeof users.$inferInsert, 'id' | 'username' | 'email' | 'name' | 'password_hash' | 'role'>

export async function findUser (db: Db, id: string): Promise<User | undefined> {
  const [row] = await db.select(columns).from(users).where(eq(users.id, id))
  return row
}

/** The account behind a username or an address, with what is needed to check a password. */
export async function findCredentials (db: Db, identifier: { username: string } | { email: string }): Promise<Credentials | undefined> {
  const matches = 'email' in identifier ? eq(users.email, identifier.email.toLowerCase()) : sql`lower(${users.username}) = ${identifier.username.toLowerCase()}`
  const [row] = await db.select({ ...columns, password_hash: users.password_hash, disabled: users.disabled }).from(users).where(matches)
  return row
}

export async function insertUser (tx: Db, user: NewUser): Promise<User> {
  const [row] = await tx.insert(users).values(user).returning(columns)
  return row as User
}

/** True for exactly one caller in the life of an installation. */
export async function claimFirstAdmin (tx: Db, user_id: string): Promise<boolean> {
  const claimed = await tx.insert(firstAdmin).values({ user_id }).onConflictDoNothing().returning({ user_id: firstAdmin.user_id })
  return claimed.length === 1
}

export async function changeUser (db: Db, id: string, change: { username?: string, name?: string | null, password_hash?: string }): Promise<User | undefined> {
  const [row] = await db.update(users).set({ ...change, updated_at: sql`now()` }).where(eq(users.id, id)).returning(columns)
  return row
}

/** Which of the two identifiers are taken by somebody. */
export async function findTaken (db: Db, { username, email }: { username?: string | null, email?: string | null }): Promise<{ username: boolean, email: boolean }> {
  return {
    username: username != null && await findCredentials(db, { username }) !== undefined,
    email: email != null && await findCredentials(db, { email }) !== undefined
  }
}

export async function countUsers (db: Db): Promise<number> {
  return db.$count(users)
}
