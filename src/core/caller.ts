export type Role = 'user' | 'manager' | 'admin'

const RANK: Record<Role, number> = { user: 1, manager: 2, admin: 3 }

/** Who is asking, as the database knows them at this moment. */
export interface Caller { id: string, role: Role, session_id: string }

/** What a change is remembered with. */
export interface Origin { actor_id: string | null, request_id: string }

/** True when the role includes everything that `needed` may do. */
export const atLeast = (role: Role, needed: Role): boolean => RANK[role] >= RANK[needed]
