import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

const quiet = { stdio: 'pipe' } as const

/** A volume in memory, of so many MiB, that goes with the test. */
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

/** Why there can be no such volume here, or false. */
export const withoutVolumes: string | false = (() => {
  const leftovers: (() => unknown)[] = []
  try {
    mountVolume({ teardown: (leave) => leftovers.push(leave) }, 1)
    for (const leave of leftovers) {
      leave()
    }
    return false
  } catch {
    return 'a small volume has to be mounted, which only root may, and not in every container'
  }
})()
