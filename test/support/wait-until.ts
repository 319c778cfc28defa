import { setTimeout as pause } from 'node:timers/promises'

const PATIENCE_MS = 15_000
const STEP_MS = 25

/** Waits for something to come true; processes that start one after the other on a busy machine want more patience. */
export async function waitUntil(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  patienceMs = PATIENCE_MS
): Promise<void> {
  const giveUpAt = Date.now() + patienceMs
  while (!(await isTrue())) {
    if (Date.now() > giveUpAt) {
      throw new Error(`${what} did not happen`)
    }
    await pause(STEP_MS)
  }
}
