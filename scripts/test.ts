/** Runs the suite with tap and closes with one line: N passed, N failed, N skipped. Arguments go to tap (file names, --grep=…). */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { responseCoverage } from '../test/support/response-coverage.ts'

// tap passes over what is not there, and nothing run is nothing failed.
const missing = process.argv
  .slice(2)
  .filter(
    (given) =>
      given.endsWith('.ts') && !given.startsWith('-') && !given.includes('*') && !existsSync(given)
  )
if (missing.length > 0) {
  console.error(`There is no ${missing.join(', ')}.`)
  process.exit(2)
}

const { resolve } = createRequire(import.meta.url)
const tap = resolve('tap/package.json').replace(/package\.json$/, 'dist/esm/run.mjs')
// tap comes built with its own TypeScript loader and must once be built without it (.taprc): Node strips the types.
if (readFileSync(resolve('@tapjs/test/test-built'), 'utf8').includes('@tapjs/typescript')) {
  spawnSync(process.execPath, [tap, 'build'], { stdio: ['ignore', 'ignore', 'inherit'] })
}
const counts = { passed: 0, failed: 0, skipped: 0 }
const startedAt = performance.now()

const metAnswers = mkdtempSync(join(tmpdir(), 'tasklane-met-answers-'))
const isWhole = process.argv.length === 2
const child = spawn(process.execPath, [tap, '--reporter=tap', ...process.argv.slice(2)], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, TASKLANE_MET_ANSWERS: metAnswers }
})
/** Where tap runs a file is of no use to the reader. */
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
  judgeCoverage()
}
rmSync(metAnswers, { recursive: true })
console.log(
  `\nThe suite took ${((performance.now() - startedAt) / 1000).toFixed(0)} s on ${process.env.TEST_DATABASE_URL ? 'PostgreSQL' : 'the embedded database'}.`
)
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exit(counts.failed > 0 ? 1 : 0)

/** Only of the whole suite can it be said that it met every answer that the contract names. */
function judgeCoverage(): void {
  const { named, met, excepted, unseen } = responseCoverage(
    JSON.parse(readFileSync(new URL('../openapi/openapi.json', import.meta.url), 'utf8')),
    metAnswers
  )
  console.log(
    `\nOf ${named} answers that the contract names, ${met} were met and ${excepted} are excepted with a reason.`
  )
  if (unseen.length === 0) {
    counts.passed++
    return
  }
  counts.failed++
  console.log(`FAILED  no test meets these answers:\n        ${unseen.join('\n        ')}`)
}

/** Depth 0 is a file, depth 1 one of its tests, deeper what the test asserts. A failed assertion is shown with its diagnostics. */
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
  if (depth === 0) {
    console.log(`${not ? 'FAILED' : '    ok'}  ${title.replace(/ # time=/, '  ')}`)
    if (not && counts.failed === 0) {
      counts.failed++
    }
  } else if (depth === 1) {
    if (/ # (SKIP|TODO)/i.test(title)) {
      counts.skipped++
      console.log(`  skip  ${title}`)
    } else if (not) {
      counts.failed++
      console.log(`FAILED  ${title}`)
    } else {
      counts.passed++
    }
  } else if (not) {
    console.log(line)
  }
  inDiagnostics = Boolean(not) && depth > 0
}
