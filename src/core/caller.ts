export type Role = 'user' | 'manager' | 'admin'

const RANK: Record<Role, number> = { user: 1, manager: 2, admin: 3 }

/** Classes of operations that an API key can be limited to; each route that keys may use names one. */
export const SCOPES = [
  'tasks:read',
  'tasks:write',
  'imports:read',
  'imports:write',
  'profile:read'
] as const
export type Scope = (typeof SCOPES)[number]

/** Who is asking, as the database knows them at this moment. `name` is what the audit log calls them: the username, or else the address. */
export interface Caller {
  id: string
  name: string
  role: Role
  /** Empty for a key: routes about sessions are closed to keys. */
  session_id: string
  /** Present when an API key is asking: it may do what its scopes say and its owner may, and nothing else. */
  key?: { id: string; scopes: readonly Scope[] }
  /** Has an address that was never confirmed. */
  is_unverified?: boolean
}

/** What a change is remembered with. */
export interface Origin {
  actor_id: string | null
  request_id: string
}

/** True when the role includes everything that `needed` may do. */
export const atLeast = (role: Role, needed: Role): boolean => RANK[role] >= RANK[needed]
