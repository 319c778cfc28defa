const SCARCE = 35

let left

/** Notes what a response to a read says about how many more the user may do soon. */
export function noteBudget(headers) {
  const [, remaining] = /;r=(\d+)/.exec(headers.get('ratelimit') ?? '') ?? []
  left = remaining === undefined ? undefined : Number(remaining)
}

/** Tells whether the reads that are left are needed for what the user does. */
export const readsAreScarce = () => left !== undefined && left < SCARCE
