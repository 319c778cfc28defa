import { accessSync, chmodSync, constants, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileErrorReason } from '../../lib/file-error.ts'
import { makeDirectory } from '../../lib/make-directory.ts'

/** A server that shuts down holds the directory a little longer; a restart waits for it. */
const WAIT_MS = 3000

const OWNER_ONLY = 0o700
const OTHERS = 0o077
/** Set on directories such as /tmp, which every user needs. */
const STICKY = 0o1000

/** The data directory cannot be closed to other users. */
export class SharedDirectoryError extends Error {
  override name = 'SharedDirectoryError'
}

/** Nothing can be written into the data directory. */
export class DataDirectoryError extends Error {
  override name = 'DataDirectoryError'
  constructor(directory: string, reason: string) {
    super(
      `Nothing can be written to the data directory ${directory}: ${reason}. ` +
        'Set DATA_DIR to a directory that this user may write to, or DATABASE_URL to use PostgreSQL.'
    )
  }
}

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
  closeToOthers(directory)
  const pidFile = join(directory, 'pid')
  const lock = openLock(directory)
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

/**
 * Makes a directory that its owner alone can enter, or takes the rights of others from one that exists: PostgreSQL in
 * WebAssembly creates files that everyone can read.
 */
export function closeToOthers(directory: string): void {
  makeWritable(directory)
  const { mode } = statSync(directory)
  if ((mode & OTHERS) === 0) {
    return
  }
  if (mode & STICKY) {
    throw new SharedDirectoryError(
      `The data directory ${directory} is shared by all users of this machine. Set DATA_DIR to a directory of its own.`
    )
  }
  try {
    chmodSync(directory, OWNER_ONLY)
  } catch (error) {
    // A volume that belongs to somebody else, who decides.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') {
      throw error
    }
  }
}

function makeWritable(directory: string): void {
  try {
    makeDirectory(directory, OWNER_ONLY)
    if (!statSync(directory).isDirectory()) {
      throw Object.assign(new Error(), { code: 'EEXIST' })
    }
    accessSync(directory, constants.W_OK | constants.X_OK)
  } catch (error) {
    // What the system says where it permits no directories, as in /proc.
    const isRefused = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const reason = isRefused ? 'it cannot be created there' : fileErrorReason(error)
    throw new DataDirectoryError(directory, reason)
  }
}

function openLock(directory: string): DatabaseSync {
  try {
    return new DatabaseSync(join(directory, 'lock'), { timeout: WAIT_MS })
  } catch {
    // SQLite does not say why.
    throw new DataDirectoryError(directory, 'no file can be created in it')
  }
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return 'unknown'
  }
}
