/** Waits are measured in steps, so that our own event loop, when it is busy, is not mistaken for a silent server. */
const STEP_MS = 200

/** How long work may take as a whole and, optionally, until it begins; each limit has its own error. */
export interface Deadline {
  ms: number
  onLate: () => Error
  waitMs?: number
  hasBegun?: () => boolean
  onWait?: () => Error
}

/** Settles like `work`, or rejects with `onLate` after `ms`, or with `onWait` if it has not begun after `waitMs`. */
export function withDeadline(
  work: Promise<unknown>,
  { ms, onLate, waitMs = ms, hasBegun = () => true, onWait = onLate }: Deadline
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout
    const step = (waitedMs: number): void => {
      timer = setTimeout(() => {
        if (waitedMs >= ms) {
          reject(onLate())
        } else if (waitedMs >= waitMs && !hasBegun()) {
          reject(onWait())
        } else {
          step(waitedMs + STEP_MS)
        }
      }, STEP_MS)
    }
    step(STEP_MS)
    work.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      }
    )
  })
}
