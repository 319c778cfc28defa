export type Role = 'user' | 'manager' | 'admin'

const RANK: Record<Role, number> = { user: 1, manager: 2, admin: 3 }

/** True when the role includes everything that `needed` may do. */
export const atLeast = (role: Role, needed: Role): boolean => RANK[role] >= RANK[needed]

/** An account as the history and the audit log name it: the username, or else the email address. */
export interface Actor {
  id: string
  name: string | null
}

/** An authenticated account, in its current state in the database. */
export interface Caller extends Actor {
  name: string
  role: Role
  /** Empty for an API key: routes about sessions are closed to keys. */
  session_id: string
  /** Present when an API key is used: it may do what both its scopes and its owner's role allow. */
  key?: { id: string; scopes: readonly string[] }
  /** True when the account has an email address that was never confirmed. */
  is_unverified?: boolean
}

/**
 * Who does something, in which request and from where: the first argument of every service function. Routes read it
 * from `request.ctx`, or from `request.anonymousCtx` where anyone may call; jobs and commands make one of their own.
 */
export interface RequestContext<Who extends Actor | null = Caller> {
  caller: Who
  /** As in X-Request-Id, which the caller may choose; `systemRequestId` where there is no request. */
  requestId: string
  /** The client's IP address in its canonical spelling; null when no request is behind the work. */
  ip: string | null
  userAgent: string | null
  /** True for a part of something larger, such as a row of an import, that is one event of the audit log. */
  isPart?: true
}

/** Names work that no request is behind. The colon sets it apart: no caller can send one in X-Request-Id. */
export const systemRequestId = (name: string): string => `system:${name}`

/** Returns the context of the same request, acting for an account that it has just identified. */
export const actingAs = <Who extends Actor>(
  { requestId, ip, userAgent }: RequestContext<Actor | null>,
  caller: Who
): RequestContext<Who> => ({ caller, requestId, ip, userAgent })

/** Returns an account as an actor. */
export const actorOf = (user: {
  id: string
  username: string | null
  email: string | null
}): Actor => ({ id: user.id, name: user.username ?? user.email })
