import { Problem } from '../../core/problem.ts'
import {
  type Charge,
  type Charged,
  type Count,
  type Counters,
  UNLIMITED
} from '../../lib/window-counters.ts'
import { type Budgets, userKey, WINDOW_SECONDS } from './budgets.ts'

/** What is left of a budget, and for how long. */
export interface Remaining {
  max: number
  remaining: number
  seconds: number
}

/** How much of each budget of its caller one request costs. */
export type Costs = Readonly<Record<string, number>>

interface Outcome {
  /** What is left of the budget that is scarcest. */
  left: Remaining
  /** Why nothing was counted. */
  refusal: Problem | undefined
}

interface Item extends Remaining {
  budget: string
  cost: number
}

/** Counts the costs of a request against the budgets of its caller: all of them or none. */
export async function chargeIn(
  { budgets, counters }: { budgets: Budgets; counters: Counters },
  costs: Costs,
  userId: string
): Promise<Outcome> {
  const charges = Object.entries(costs)
    .filter(([, cost]) => cost > 0)
    .map(([budget, cost]) => ({ budget, cost, max: budgets[budget]?.limit ?? 0 }))
  const { fits, counts } = await charge(
    counters,
    charges.map(({ budget, cost, max }) => ({ key: userKey(budget, userId), cost, max }))
  )
  const items = charges.map((one, i): Item => ({ ...one, ...remainingOf(one.max, counts[i]) }))
  const tooMuch = fits ? undefined : items.find(({ cost, remaining }) => cost > remaining)
  return {
    left: tooMuch ?? (items.sort((a, b) => a.remaining / a.max - b.remaining / b.max)[0] as Item),
    refusal: tooMuch && refusalOf(tooMuch)
  }
}

/** Counts what was used of a budget of a user, whether or not it fits. Nothing is counted to look what is left. */
export async function spendIn(
  { budgets, counters }: { budgets: Budgets; counters: Counters },
  budget: string,
  userId: string,
  amount: number
): Promise<Remaining> {
  const one = { key: userKey(budget, userId), cost: amount, max: UNLIMITED }
  const { counts } = await charge(counters, [one])
  return remainingOf(budgets[budget]?.limit ?? 0, counts[0])
}

const charge = (counters: Counters, charges: Charge[]): Promise<Charged> =>
  new Promise((resolve, reject) => {
    const done = (error: Error | null, charged: Charged) =>
      error ? reject(error) : resolve(charged)
    counters.charge(charges, done, WINDOW_SECONDS * 1000)
  })

const remainingOf = (max: number, { current, ttl }: Count = { current: 0, ttl: 0 }): Remaining => ({
  max,
  remaining: Math.max(0, max - current),
  seconds: Math.max(1, Math.ceil(ttl / 1000))
})

function refusalOf({ budget, cost, max, remaining, seconds }: Item): Problem {
  const what = `The request has ${cost} ${budget}; `
  const detail =
    cost > max
      ? `${what}you can make ${max} per minute, so split it.`
      : `${what}you can make ${remaining} more of ${max} per minute. Try again in ${seconds} s.`
  return new Problem('rate_limited', { detail, headers: { 'retry-after': String(seconds) } })
}
