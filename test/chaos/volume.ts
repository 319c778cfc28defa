import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

const quiet = { stdio: 'pipe' } as const

/** Mounts a volume in memory and unmounts it with the test's teardown. Returns its folder. */
export function mountVolume(t: Pick<Test, 'teardown'>, mib: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'tasklane-disk-'))
  chmodSync(folder, 0o755)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', folder], quiet)
  t.teardown(() => {
    execFileSync('umount', [folder], quiet)
    rmdirSync(folder)
  })
  return folder
}

/** Why volumes cannot be mounted here, or false. */
export const withoutVolumes: string | false = (() => {
  const cleanups: (() => unknown)[] = []
  try {
    mountVolume({ teardown: (cleanup) => cleanups.push(cleanup) }, 1)
    for (const cleanup of cleanups) {
      cleanup()
    }
    return false
  } catch {
    return 'mounting a small volume requires root, and not every container permits it'
  }
})()
