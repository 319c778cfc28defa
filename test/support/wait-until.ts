import { setTimeout as pause } from 'node:timers/promises'

const TIMEOUT_MS = 15_000
const STEP_MS = 25

/** Waits for a condition; processes that start one after the other on a busy machine need a longer timeout. */
export async function waitUntil(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  timeoutMs = TIMEOUT_MS
): Promise<void> {
  const giveUpAt = Date.now() + timeoutMs
  while (!(await isTrue())) {
    if (Date.now() > giveUpAt) {
      throw new Error(`${what} did not happen`)
    }
    await pause(STEP_MS)
  }
}
