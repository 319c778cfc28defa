/**
 * Runs the suite with tap, says how far it is, and ends with one line: N passed, N failed, N skipped. Arguments go to
 * tap (file names, --grep=…).
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { responseCoverage } from '../test/support/response-coverage.ts'

// tap ignores files that do not exist, and a suite without files passes.
const missing = process.argv
  .slice(2)
  .filter(
    (given) =>
      given.endsWith('.ts') && !given.startsWith('-') && !given.includes('*') && !existsSync(given)
  )
if (missing.length > 0) {
  console.error(`Not found: ${missing.join(', ')}.`)
  process.exit(2)
}

const { resolve } = createRequire(import.meta.url)
const tap = resolve('tap/package.json').replace(/package\.json$/, 'dist/esm/run.mjs')
const isPrepared = () =>
  !readFileSync(resolve('@tapjs/test/test-built'), 'utf8').includes('@tapjs/typescript')
// tap is published with its own TypeScript loader and must be built without it once (.taprc): Node strips the types.
if (!isPrepared()) {
  console.log('Preparing tap, once after npm ci…')
  spawnSync(process.execPath, [tap, 'build'], { stdio: ['ignore', 'ignore', 'inherit'] })
  if (!isPrepared()) {
    console.error('tap could not be prepared: this user must be able to write to node_modules.')
    process.exit(2)
  }
}
const counts = { passed: 0, failed: 0, skipped: 0 }
const startedAt = performance.now()

const seenResponses = mkdtempSync(join(tmpdir(), 'tasklane-met-answers-'))
const isWhole = process.argv.length === 2
const files = {
  done: 0,
  of: globSync(isWhole ? 'test/**/*.test.ts' : process.argv.slice(2), {
    exclude: ['**/node_modules/**']
  }).length
}
if (files.of > 1) {
  console.log(`${files.of} files, two at a time. Each is named when it has ended.`)
}
const child = spawn(process.execPath, [tap, '--reporter=tap', ...process.argv.slice(2)], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    // Each file is a process that loads the whole application.
    NODE_COMPILE_CACHE: join(import.meta.dirname, '../node_modules/.cache/tasklane/compiled'),
    ...process.env,
    TASKLANE_MET_ANSWERS: seenResponses
  }
})
/** Lines about where tap runs a file, which are left out. */
const SYSTEM =
  /^ *(- --import|- --enable|tapCaught|lineNumber|columnNumber|at:|typeName|functionName|callSiteFunctionName|fileName)/
let inDiagnostics = false
for await (const line of createInterface({ input: child.stdout })) {
  read(line)
}
const code =
  child.exitCode ??
  (await new Promise<number>((resolve) => child.once('close', (exit) => resolve(exit ?? 1))))
if (code !== 0 && counts.failed === 0) {
  counts.failed = 1
}
if (isWhole) {
  checkCoverage()
}
rmSync(seenResponses, { recursive: true })
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
const database = process.env.TEST_DATABASE_URL ? 'PostgreSQL' : 'the embedded database'
console.log(`\nThe suite took ${seconds} s on ${database}.`)
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exit(counts.failed > 0 ? 1 : 0)

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
    counts.passed++
    return
  }
  counts.failed++
  console.log(`FAILED  no test sees these responses:\n        ${unseen.join('\n        ')}`)
}

/** Reads one line of tap's output; a failed assertion is shown with its diagnostics. */
function read(line: string): void {
  if (inDiagnostics) {
    if (!SYSTEM.test(line)) {
      console.log(line)
    }
    inDiagnostics = line.trim() !== '...'
    return
  }
  const [, indent = '', not, title = ''] = /^( *)(not )?ok \d+ - (.*)$/.exec(line) ?? []
  if (title === '') {
    return
  }
  const depth = indent.length / 4
  const hasFailed = Boolean(not)
  if (depth === 0) {
    countFile(title, hasFailed)
  } else if (depth === 1) {
    countTest(title, hasFailed)
  } else if (hasFailed) {
    console.log(line)
  }
  inDiagnostics = hasFailed && depth > 0
}

function countFile(title: string, hasFailed: boolean): void {
  files.done++
  const progress = files.of > 1 ? `  [${files.done}/${files.of}]` : ''
  console.log(`${hasFailed ? 'FAILED' : '    ok'}  ${title.replace(/ # time=/, '  ')}${progress}`)
  if (hasFailed && counts.failed === 0) {
    counts.failed++
  }
}

function countTest(title: string, hasFailed: boolean): void {
  if (/ # (SKIP|TODO)/i.test(title)) {
    counts.skipped++
    console.log(`  skip  ${title}`)
  } else if (hasFailed) {
    counts.failed++
    console.log(`FAILED  ${title}`)
  } else {
    counts.passed++
  }
}
