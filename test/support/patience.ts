import { setTimeout as pause } from 'node:timers/promises'

const PATIENCE_MS = 15_000
const STEP_MS = 25

/** Waits for something to come true. */
export async function until (what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS
  while (!await isTrue()) {
    if (Date.now() > giveUpAt) throw new Error(`${what} did not happen`)
    await pause(STEP_MS)
  }
}
