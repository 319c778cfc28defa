import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** A server that shuts down holds the directory a little longer; a restart waits for it. */
const WAIT_MS = 3000

/** The data directory is in use by another process. */
export class DirectoryInUseError extends Error {
  override name = 'DirectoryInUseError'
}

/**
 * Locks the data directory for this process, since two processes on one embedded database lose rows silently, and
 * returns a function that unlocks it. The lock is the operating system's lock on a SQLite file: the kernel releases it
 * when the process ends, however it ends, so that no stale lock can exist.
 */
export function lockDirectory(directory: string): () => void {
  // Accessible to its owner alone: PostgreSQL in WebAssembly creates files that everyone can read.
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const pidFile = join(directory, 'pid')
  const lock = new DatabaseSync(join(directory, 'lock'), { timeout: WAIT_MS })
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch {
    lock.close()
    throw new DirectoryInUseError(
      `The data directory ${directory} is in use by another Tasklane process (pid ${readPid(pidFile)}). ` +
        'Stop it first, or set DATA_DIR to another directory.'
    )
  }
  writeFileSync(pidFile, String(process.pid))
  return () => lock.close()
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return 'unknown'
  }
}
