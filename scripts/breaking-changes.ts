/**
 * Compares both documents with those of the last release (openapi/released/) and rejects what would break a client.
 * First it has to find a break of each kind and accept additions. With --release the current documents become the
 * released ones.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toOpenApi30 } from '../src/lib/openapi-downgrade.ts'
import { goTool, ROOT } from '../test/support/tools.ts'
import { additions, breaks, type Contract } from './breaking-changes.rules.ts'

/** What openapi/CHANGELOG.md says and no tool can judge; a release empties the list. */
const INTENDED = [
  // One line of text takes marks of direction now, and no longer only invisible characters.
  /from `\^\[ [^`]*\u061c\u200e\u200f\u202a[^`]*` to `\^\[ [^`]*\u00ad\u034f[^`]*`.*property-pattern-changed/,
  // A due date, and a filter by time, is a date-time or a date: both are strings, and their pattern says so.
  /`(due|created|updated)_(after|before)`, the `format` was widened from `date-time` to `none`/,
  // What cannot be a code of eight digits, in groups or not, costs no attempt any more.
  /the `otp` request property's minLength was increased from `1` to `8`/,
  /pattern of the request property `otp` from `\^\[\^\\x00\]\*\$` to /,
  /added the pattern `\^\(\(\[0-9\]\{3\}\[1-9\]\|/,
  // `assignee_id` is the id of a user or `none`: both are strings, and the pattern says so.
  /`assignee_id`, the `format` was widened from `uuid` to `none`/,
  /added the pattern `\^\(none\|\[0-9A-Fa-f\]\{8\}.* parameter `assignee_id`/,
  // A key has a new scope only where somebody who knows it has asked for it.
  /me\/api-keys added the new `(people|projects|comments|changes|webhooks):(read|write)` enum value/,
  /me\/api-keys the `(data\/items\/)?scopes` response property's maxItems was increased/
]
const NAMES = ['openapi.json', 'openapi-3.0.json']
const read = (file: string) => JSON.parse(readFileSync(join(ROOT, 'openapi', file), 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'tasklane-breaking-'))

if (process.argv.includes('--release')) {
  release()
} else {
  const faults = [
    ...selfTest(),
    ...NAMES.flatMap((name) =>
      compare(read(`released/${name}`), read(name))
        .filter((line) => !INTENDED.some((change) => change.test(line)))
        .map((line) => `${name}: ${line}`)
    )
  ]
  for (const fault of faults) {
    console.log(`FAILED  ${fault}`)
  }
  console.log(
    faults.length === 0
      ? `Clients of ${read('released/openapi.json').info.version} keep working. ` +
          `${Object.keys(breaks).length} kinds of break are found, ` +
          `${Object.keys(additions).length} kinds of addition are accepted.`
      : 'See CONTRIBUTING.md on what may change within a version.'
  )
  process.exitCode = faults.length === 0 ? 0 : 1
}
rmSync(folder, { recursive: true })

/** Returns what breaks, a line each. */
function compare(base: Contract, revision: Contract): string[] {
  const [before, after] = [base, revision].map((document, i) => {
    const file = join(folder, `${i}.json`)
    writeFileSync(file, JSON.stringify(explicit(document)))
    return file
  }) as [string, string]
  // Some changes only break generated clients, which no longer compile (oasdiff-severity.txt).
  const { status, stdout, stderr } = spawnSync(
    goTool('github.com/oasdiff/oasdiff'),
    [
      'breaking',
      before,
      after,
      '--severity-levels',
      join(ROOT, 'scripts/contract-tools/oasdiff-severity.txt'),
      '--fail-on',
      'WARN',
      '--format',
      'singleline'
    ],
    { encoding: 'utf8' }
  )
  if (status === 0) {
    return []
  }
  if (status !== 1) {
    throw new Error(`oasdiff ended with ${status}: ${stderr}${stdout}`)
  }
  return stdout
    .split('\n')
    .filter((line) => /^(error|warning)/.test(line))
    .map((line) => line.replaceAll(folder, ''))
}

/**
 * oasdiff does not see that an operation without `security` takes the document's, nor that a character of a pattern is
 * the same whether it is written as an escape or as itself.
 */
function explicit(document: Contract): Contract {
  const copy: Contract = JSON.parse(
    JSON.stringify(document).replace(/\\\\x([89a-f][0-9a-f])/g, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16))
    )
  )
  for (const methods of Object.values(copy.paths)) {
    for (const operation of Object.values(methods)) {
      operation.security ??= (copy as unknown as { security: unknown[] }).security
    }
  }
  return copy
}

function selfTest(): string[] {
  const contract = read('openapi.json')
  const changed = (change: (contract: Contract) => unknown) => {
    const copy = structuredClone(contract)
    change(copy)
    return copy
  }
  return [
    ...Object.entries(breaks)
      .filter(([, change]) => compare(contract, changed(change)).length === 0)
      .map(([what]) => `is not seen: ${what}`),
    ...Object.entries(breaks)
      .filter(
        ([, change]) => compare(toOpenApi30(contract), toOpenApi30(changed(change))).length === 0
      )
      .map(([what]) => `is not seen in 3.0: ${what}`),
    ...Object.entries(additions).flatMap(([what, change]) =>
      compare(contract, changed(change)).map((line) => `taken for a break: ${what}: ${line}`)
    )
  ]
}

function release(): void {
  const { version } = read('openapi.json').info
  if (!readFileSync(join(ROOT, 'openapi/CHANGELOG.md'), 'utf8').includes(`\n## [${version}] - `)) {
    throw new Error(
      `openapi/CHANGELOG.md has no section for ${version}: what is [Unreleased] becomes it first.`
    )
  }
  for (const name of NAMES) {
    copyFileSync(join(ROOT, 'openapi', name), join(ROOT, 'openapi/released', name))
  }
  console.log(`openapi/released/ is the contract of ${version}.`)
}
