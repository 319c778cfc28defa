import { setTimeout as pause } from 'node:timers/promises'
import { classifyDbError } from './errors.ts'

/** How often a read in the middle of a file is tried while the database restarts. */
const MAX_TRIES = 20
const RETRY_MS = 500

/** Repeats a read for as long as the database is unavailable, up to ten seconds. */
export async function retryRead<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read()
    } catch (error) {
      if (attempt >= MAX_TRIES || classifyDbError(error) === undefined) {
        throw error
      }
      await pause(RETRY_MS)
    }
  }
}
