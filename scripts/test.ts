/**
 * Runs the suite with tap, says how far it is, and ends with one line: N passed, N failed, N skipped. Arguments are
 * files and folders; --grep=PATTERN runs only the tests whose titles match, --jobs=N says how many processes run at
 * once. Without names, all run but those that have a command of their own, which take longer than all others together.
 *
 * With TEST_RETRY=1, as in CI, up to three files that fail run once more by themselves at the end. What passes then is
 * named as flaky and fails nothing.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { warmCache } from '../src/commands/warm-cache.ts'
import { responseCoverage } from '../test/support/response-coverage.ts'
import { createReport } from './suite/report.ts'
import { runFiles } from './suite/workers.ts'

/** What needs a browser, and what starts and ends processes and servers: package.json has a command for each. */
const APART = /^test\/(features\/console|commands|faults|operations)\//
/** What a process with the embedded database and a browser takes. */
const PROCESS_BYTES = 1.25 * 2 ** 30
/** More failed files than this are not run again. */
const MAX_FLAKY_FILES = 3

const { values: options, positionals: given } = readArguments()
prepareTap()
await warmCache()
const startedAt = performance.now()
const seenResponses = mkdtempSync(join(tmpdir(), 'tasklane-met-answers-'))
const isWhole = given.length === 0 && options.grep === undefined
const files = inOrder(
  given.length === 0 ? filesOf(['test']).filter((file) => !APART.test(file)) : filesOf(given)
)
const jobs = Math.min(Number(options.jobs ?? defaultJobs()), files.length)
if (files.length > 1) {
  console.log(`${files.length} files, ${jobs} at a time. Each is named when it has ended.`)
}
const report = createReport(files.length)
const env = {
  // Each process loads the whole application.
  NODE_COMPILE_CACHE: join(import.meta.dirname, '../node_modules/.cache/tasklane/compiled'),
  ...process.env,
  // One pattern for each level: any file, and tests whose titles match.
  ...(options.grep !== undefined && { TAP_GREP: `/^/\n${options.grep}` }),
  TASKLANE_MET_ANSWERS: seenResponses
}
await runFiles(files, { jobs, env }, report)
if (process.env.TEST_RETRY === '1') {
  await retryFailedFiles()
}
if (isWhole) {
  checkCoverage()
}
rmSync(seenResponses, { recursive: true })
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
const database = process.env.TEST_DATABASE_URL ? 'PostgreSQL' : 'the embedded database'
console.log(`\nThe suite took ${seconds} s on ${database}.`)
const { passed, failed, skipped } = report.totals()
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed > 0 ? 1 : 0)

function readArguments() {
  const line = parseArgs({
    allowPositionals: true,
    options: { grep: { type: 'string' }, jobs: { type: 'string' } }
  })
  if (line.values.jobs !== undefined && !/^[1-9]\d*$/.test(line.values.jobs)) {
    console.error('--jobs must be a number from 1 on.')
    process.exit(2)
  }
  // A suite without files would pass.
  const missing = line.positionals.filter((it) => filesOf([it]).length === 0)
  if (missing.length > 0) {
    console.error(`Not found: ${missing.join(', ')}.`)
    process.exit(2)
  }
  return line
}

/** Returns the files that names, patterns and folders stand for. */
function filesOf(given: string[]): string[] {
  const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory()
  return globSync(
    given.map((it) => (isFolder(it) ? `${it}/**/*.test.ts` : it)),
    { exclude: ['**/node_modules/**'] }
  )
}

/** tap comes with its own TypeScript loader and must be built without it once (.taprc): Node strips the types. */
function prepareTap(): void {
  const { resolve } = createRequire(import.meta.url)
  const tap = resolve('tap/package.json').replace(/package\.json$/, 'dist/esm/run.mjs')
  const isPrepared = () =>
    !readFileSync(resolve('@tapjs/test/test-built'), 'utf8').includes('@tapjs/typescript')
  if (isPrepared()) {
    return
  }
  console.log('Preparing tap, once after npm ci…')
  spawnSync(process.execPath, [tap, 'build'], { stdio: ['ignore', 'ignore', 'inherit'] })
  if (!isPrepared()) {
    console.error('tap could not be prepared: this user must be able to write to node_modules.')
    process.exit(2)
  }
}

/** One more process than processors, since some files wait; fewer where memory for them is missing. */
function defaultJobs(): number {
  return Math.max(1, Math.min(availableParallelism() + 1, Math.floor(totalmem() / PROCESS_BYTES)))
}

/** What takes longest comes first, so that no process is left alone with it at the end. */
function inOrder(found: string[]): string[] {
  return found.toSorted(
    (a, b) => Number(APART.test(b)) - Number(APART.test(a)) || statSync(b).size - statSync(a).size
  )
}

/** Runs failed files once more, one at a time, unless so many have failed that it is no accident. */
async function retryFailedFiles(): Promise<void> {
  const suspects = report.failedFiles()
  if (suspects.length === 0 || suspects.length > MAX_FLAKY_FILES) {
    return
  }
  console.log('\nFailed files run once more by themselves.')
  await runFiles(suspects, { jobs: 1, env }, report)
  const stillFailed = report.failedFiles()
  for (const file of suspects.filter((it) => !stillFailed.includes(it))) {
    console.log(`FLAKY   ${file}: failed above, passed by itself.`)
  }
}

/** Checks that the whole suite has seen every response that the contract documents. */
function checkCoverage(): void {
  const { named, met, excepted, unseen } = responseCoverage(
    JSON.parse(readFileSync(new URL('../openapi/openapi.json', import.meta.url), 'utf8')),
    seenResponses
  )
  console.log(
    `\nThe contract documents ${named} responses: ${met} were seen, ${excepted} are exempt with a reason.`
  )
  if (unseen.length === 0) {
    report.pass()
  } else {
    report.fail(`no test sees these responses:\n        ${unseen.join('\n        ')}`)
  }
}
