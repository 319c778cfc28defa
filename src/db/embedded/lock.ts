import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** A server that is leaving holds the directory a little longer; a restart waits for it. */
const WAIT_MS = 3000

/** The data directory is held by another process. */
export class DirectoryInUseError extends Error {
  override name = 'DirectoryInUseError'
}

/**
 * Takes the data directory for this process; two processes on one embedded database lose rows silently. The lock is
 * the operating system's lock on a SQLite file: the kernel drops it when the process ends, however it ends, so no
 * stale lock can exist and none has to be guessed at from a process id.
 */
export function lockDirectory(directory: string): () => void {
  // For its owner alone: PostgreSQL in WebAssembly leaves its files open to everyone.
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const pidFile = join(directory, 'pid')
  const lock = new DatabaseSync(join(directory, 'lock'), { timeout: WAIT_MS })
  try {
    lock.exec('begin exclusive')
  } catch {
    lock.close()
    throw new DirectoryInUseError(
      `The data directory ${directory} is in use by another Tasklane process (pid ${readPid(pidFile)}). Stop it first, or set DATA_DIR to another directory.`
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
