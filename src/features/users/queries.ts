import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { afterCursor, type KeysetPosition, newestFirst } from '../../db/keyset.ts'
import { firstAdmin, users } from '../../db/tables/users.ts'
import type { AdminUser, User, UserFilter } from './schema.ts'

const columns = {
  id: users.id,
  username: users.username,
  email: users.email,
  name: users.name,
  role: users.role,
  email_verified: users.email_verified,
  created_at: users.created_at
}
const adminColumns = { ...columns, disabled: users.disabled }
export type Credentials = AdminUser & { password_hash: string | null }
export type NewUser = Pick<
  typeof users.$inferInsert,
  'id' | 'username' | 'email' | 'name' | 'password_hash' | 'role'
>
export type Identifier = { username: string } | { email: string } | { id: string }

export async function findUser(db: Db, id: string): Promise<User | undefined> {
  const [row] = await db.select(columns).from(users).where(eq(users.id, id))
  return row
}

export async function findAdminUser(db: Db, id: string): Promise<AdminUser | undefined> {
  const [row] = await db.select(adminColumns).from(users).where(eq(users.id, id))
  return row
}

/** The account behind a username or an address, with what is needed to check a password. */
export async function findCredentials(
  db: Db,
  identifier: Identifier
): Promise<Credentials | undefined> {
  const [row] = await db
    .select({ ...adminColumns, password_hash: users.password_hash })
    .from(users)
    .where(isNamed(identifier))
  return row
}

/** The same, locked until the transaction ends: nobody else opens a session of it or changes it meanwhile. */
export async function lockCredentials(tx: Db, id: string): Promise<Credentials | undefined> {
  const [row] = await tx
    .select({ ...adminColumns, password_hash: users.password_hash })
    .from(users)
    .where(eq(users.id, id))
    .for('no key update')
  return row
}

/** A user together with every active admin, locked in one order, so that two admins who act on each other take turns. */
export async function lockWithAdmins(tx: Db, id: string): Promise<AdminUser[]> {
  return tx
    .select(adminColumns)
    .from(users)
    .where(sql`${users.id} = ${id} or (${users.role} = 'admin' and not ${users.disabled})`)
    .orderBy(users.id)
    .for('no key update')
}

export async function insertUser(tx: Db, user: NewUser): Promise<User> {
  const [row] = await tx.insert(users).values(user).returning(columns)
  return row as User
}

/** True for exactly one caller in the life of an installation. */
export async function claimFirstAdmin(tx: Db, user_id: string): Promise<boolean> {
  const claimed = await tx
    .insert(firstAdmin)
    .values({ user_id })
    .onConflictDoNothing()
    .returning({ user_id: firstAdmin.user_id })
  return claimed.length === 1
}

export type UserChange = Partial<
  Pick<
    typeof users.$inferInsert,
    'username' | 'name' | 'email' | 'email_verified' | 'password_hash' | 'role' | 'disabled'
  >
>

export async function changeUser(
  db: Db,
  id: string,
  change: UserChange
): Promise<AdminUser | undefined> {
  const [row] = await db
    .update(users)
    .set({ ...change, updated_at: sql`now()` })
    .where(eq(users.id, id))
    .returning(adminColumns)
  return row
}

/** Keeps everybody from pointing to an account from now on: who assigns a task to it shares a lock on its row. */
export async function lockForRemoval(tx: Db, id: string): Promise<void> {
  await tx.select({ id: users.id }).from(users).where(eq(users.id, id)).for('update')
}

/** Removes an account; what it owned goes with it. */
export async function removeUser(tx: Db, id: string): Promise<void> {
  await tx.delete(users).where(eq(users.id, id))
}

/** Which of the two identifiers are taken by somebody. */
export async function findTaken(
  db: Db,
  { username, email }: { username?: string | null; email?: string | null }
): Promise<{ username: boolean; email: boolean }> {
  return {
    username: username != null && (await findCredentials(db, { username })) !== undefined,
    email: email != null && (await findCredentials(db, { email })) !== undefined
  }
}

/** Accounts, newest first, after a position if one is given. */
export async function listUsers(
  db: Db,
  filter: UserFilter,
  limit: number,
  after?: KeysetPosition
): Promise<AdminUser[]> {
  return db
    .select(adminColumns)
    .from(users)
    .where(and(matches(filter), afterCursor(users, after)))
    .orderBy(...newestFirst(users))
    .limit(limit)
}

export async function countUsers(db: Db, filter: UserFilter = {}): Promise<number> {
  return db.$count(users, matches(filter))
}

/** `q` is looked for anywhere in name, username and address; none of its characters is special. */
function matches({ q, role, disabled }: UserFilter): SQL | undefined {
  return and(
    role === undefined ? undefined : eq(users.role, role),
    disabled === undefined ? undefined : eq(users.disabled, disabled),
    q === undefined
      ? undefined
      : sql`strpos(lower(concat_ws(chr(10), ${users.username}, ${users.email}, ${users.name})), ${q.toLowerCase()}) > 0`
  )
}

function isNamed(identifier: Identifier): SQL {
  if ('id' in identifier) {
    return eq(users.id, identifier.id)
  }
  return 'email' in identifier
    ? eq(users.email, identifier.email.toLowerCase())
    : sql`lower(${users.username}) = ${identifier.username.toLowerCase()}`
}
