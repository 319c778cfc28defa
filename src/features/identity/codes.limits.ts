import { isIPv6 } from 'node:net'
import type { RequestContext } from '../../core/context.ts'
import type { EmailBudget } from '../../core/email-budget.ts'
import type { LoginThrottle } from '../../core/login-throttle.ts'
import type { Db } from '../../db/client.ts'
import { limitKey, networkOf, UNKNOWN_IP } from '../../lib/ip.ts'
import type { RecentCodes } from './codes.queries.ts'

/** Requests by all networks: with five attempts each, a day of guessing finds a code once in a million. */
const MAX_A_DAY = 20
/** Requests by a network that has opened the account. Two of them leave nothing to others, one does not. */
const MAX_KNOWN_AN_HOUR = 5
const MAX_KNOWN_A_DAY = 10
/** Requests by a network that has not, and by all of those; after some, only the first one of each. */
const MAX_UNKNOWN_A_DAY = 3
const MAX_ALL_UNKNOWN = 8
const MAX_ALL_UNKNOWN_AGAIN = 4
/** Emails to one address by any account. */
const MAX_TO_EMAIL_AN_HOUR = 30

/** Who asks for a code, as limits see it. */
export interface Asker {
  network: string
  /** The account was opened from this network before, or is being opened by this request. */
  isKnown: boolean
}
/** The account that a code is for: one that the request opens or has opened, or one that it only names. */
export type AskedFor = 'own' | { id: string } | undefined

/** Returns the networks that count for a client: its own, and the one that it counts for where it is unknown. */
export function networksOf({ ip }: { ip: string | null }): { own: string; site: string } {
  const address = ip ?? UNKNOWN_IP
  const own = limitKey(address)
  // Whoever rents a server has a whole /48.
  return { own, site: isIPv6(address) ? networkOf(address, 48) : own }
}

/**
 * Counts a request for a code in the email budget and says who asks; returns undefined when the budget is used up. The
 * same statements run whether or not there is an account.
 */
export async function admitAsker(
  { ip }: Pick<RequestContext<null>, 'ip'>,
  { db, throttle, budget }: { db: Db; throttle: LoginThrottle; budget: EmailBudget },
  account: AskedFor
): Promise<Asker | undefined> {
  const address = ip ?? UNKNOWN_IP
  const { own, site } = networksOf({ ip })
  const isOwner = account !== 'own' && (await throttle.hasOpened(db, account?.id ?? '', address))
  if (!(await budget.take(address, isOwner))) {
    return undefined
  }
  const isKnown = account === 'own' || isOwner
  return { network: isKnown ? own : site, isKnown }
}

/** Returns true when the limits of an account allow one more request by this network. */
export function isWithinLimits(recent: RecentCodes, { isKnown }: Asker): boolean {
  if (recent.all >= MAX_A_DAY || recent.toEmail >= MAX_TO_EMAIL_AN_HOUR) {
    return false
  }
  if (isKnown) {
    return recent.inHour < MAX_KNOWN_AN_HOUR && recent.inDay < MAX_KNOWN_A_DAY
  }
  const ofAllUnknown = recent.inDay === 0 ? MAX_ALL_UNKNOWN : MAX_ALL_UNKNOWN_AGAIN
  return recent.inDay < MAX_UNKNOWN_A_DAY && recent.unknown < ofAllUnknown
}
