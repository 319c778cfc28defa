import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

export const RELEASED = fileURLToPath(new URL('../../drizzle', import.meta.url))

/** The migrations of a release to come: ours and one more. */
export function withMigration(t: Pick<Test, 'teardown'>, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tasklane-release-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(RELEASED, folder, { recursive: true })
  const file = join(folder, 'meta', '_journal.json')
  const journal = JSON.parse(readFileSync(file, 'utf8'))
  journal.entries.push({
    idx: journal.entries.length,
    version: '7',
    when: Date.now(),
    tag: '9999_next',
    breakpoints: true
  })
  writeFileSync(file, JSON.stringify(journal))
  writeFileSync(join(folder, '9999_next.sql'), text)
  return folder
}
