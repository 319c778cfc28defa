import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a directory with all above it, unless it exists. Node's own recursion tries for ever where a file system
 * permits no directories but says that the one above is missing, as /proc does.
 */
export function makeDirectory(path: string, mode?: number): void {
  if (existsSync(path)) {
    return
  }
  if (dirname(path) !== path) {
    makeDirectory(dirname(path), mode)
  }
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error
    }
  }
}
