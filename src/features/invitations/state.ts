import type { InvitationState } from './state.sql.ts'

/** Says why an invitation cannot be accepted; undefined stands for one that never was. */
export function describeState(state: InvitationState | undefined): string {
  if (!state) {
    return 'There is no such invitation; if you got several emails, use the newest.'
  }
  if (state.isAccepted) {
    return 'The invitation has been used. If it was you, log in.'
  }
  if (state.isDeclined) {
    return 'The invitation was declined.'
  }
  if (state.isWithdrawn) {
    return 'The invitation was withdrawn.'
  }
  return state.isExpired ? 'The invitation has expired.' : 'The invitation is no longer valid.'
}
