import { type RequestContext, type Role, systemRequestId } from '../../core/context.ts'

interface Owned {
  owner_id: string
  owner_name: string
  owner_role: Role
}

/** Returns the context in which a job reads for a webhook: it gets what its owner sees at that moment. */
export const ownerContext = (
  { owner_id, owner_name, owner_role }: Owned,
  job: string
): RequestContext => ({
  caller: { id: owner_id, name: owner_name, role: owner_role, session_id: '' },
  requestId: systemRequestId(job),
  ip: null,
  userAgent: null
})
