import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** By marker: two languages may share their tools and request them at the same time. */
const pending = new Map<string, Promise<void>>()

/** Runs `install` unless it has succeeded before with the same contents of the lock files, which the marker stores. */
export function installOnce(
  marker: string,
  lockFiles: string[],
  install: () => Promise<unknown>
): Promise<void> {
  const promise = pending.get(marker) ?? installIfChanged(marker, lockFiles, install)
  pending.set(marker, promise)
  return promise
}

async function installIfChanged(
  marker: string,
  lockFiles: string[],
  install: () => Promise<unknown>
): Promise<void> {
  const digest = createHash('sha256')
    .update(lockFiles.map((file) => readFileSync(file, 'utf8')).join('\0'))
    .digest('hex')
  if (existsSync(marker) && readFileSync(marker, 'utf8') === digest) {
    return
  }
  mkdirSync(dirname(marker), { recursive: true })
  await install()
  writeFileSync(marker, digest)
}
