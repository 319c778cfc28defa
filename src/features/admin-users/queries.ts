import { and, eq, isNull, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { foldedLetters } from '../../db/fold.sql.ts'
import { afterCursor, type KeysetPosition, newestFirst } from '../../db/keyset.ts'
import { users } from '../../db/tables/users.ts'
import { foldLetters } from '../../lib/fold.ts'
import type { AdminUser, UserFilter } from './schema.ts'

const columns = {
  id: users.id,
  username: users.username,
  email: users.email,
  name: users.name,
  role: users.role,
  email_verified: users.email_verified,
  created_at: users.created_at,
  disabled: users.disabled
}

export async function findAdminUser(db: Db, id: string): Promise<AdminUser | undefined> {
  const [row] = await db
    .select(columns)
    .from(users)
    .where(and(eq(users.id, id), isNull(users.deleted_at)))
  return row
}

/** Lists accounts, newest first, from a position if one is given. */
export async function listUsers(
  db: Db,
  filter: UserFilter,
  limit: number,
  after?: KeysetPosition
): Promise<AdminUser[]> {
  return db
    .select(columns)
    .from(users)
    .where(and(matches(filter), afterCursor(users, after)))
    .orderBy(...newestFirst(users))
    .limit(limit)
}

/** Returns whether there is any account. */
export async function hasUsers(db: Db): Promise<boolean> {
  const found = await db.select({ id: users.id }).from(users).where(matches({})).limit(1)
  return found.length > 0
}

export async function countUsers(db: Db, filter: UserFilter = {}): Promise<number> {
  return db.$count(users, matches(filter))
}

function matches({ q, role, disabled }: UserFilter): SQL | undefined {
  return and(
    isNull(users.deleted_at),
    role === undefined ? undefined : eq(users.role, role),
    disabled === undefined ? undefined : eq(users.disabled, disabled),
    q === undefined ? undefined : containsText(q)
  )
}

const TEXTS = sql`concat_ws(chr(10), ${users.username}, ${users.email}, ${users.name})`

/** Looks for a text anywhere in name, username and email, whatever its case; none of its characters is special. */
const containsText = (text: string): SQL =>
  sql`strpos(${foldedLetters(TEXTS)}, ${foldLetters(text)}) > 0`
