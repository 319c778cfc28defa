/**
 * Tests generated clients: generates them from the committed contract, builds them strictly, and runs the same journey
 * with each against a real server. `npm run conformance -- python go` runs these; without names, the gating ones.
 * `--nightly` runs all, `--strict` fails when a tool is missing, `--list` lists the languages, `--jobs=1` runs one at a
 * time.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { startTasklane } from '../support/server.ts'
import { type JourneyResult, testLanguage } from './journey.ts'
import { LANGUAGES } from './languages.ts'
import { formatTable } from './results-table.ts'

const MAX_PRINTED_LOG = 6000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    nightly: { type: 'boolean' },
    strict: { type: 'boolean' },
    list: { type: 'boolean' },
    jobs: { type: 'string', default: String(Math.min(2, cpus().length)) }
  }
})
const unknown = positionals.filter((name) => !LANGUAGES.some((language) => language.name === name))
if (values.list || unknown.length > 0) {
  for (const name of unknown) {
    console.error(`Unknown language: ${name}.`)
  }
  for (const { name, title, gating } of LANGUAGES) {
    console.log(`${name.padEnd(22)} ${title}${gating ? '' : ' (nightly)'}`)
  }
  process.exit(unknown.length > 0 ? 1 : 0)
}
const selected = LANGUAGES.filter(({ name, gating }) =>
  positionals.length > 0 ? positionals.includes(name) : gating || values.nightly
)

const startedAt = performance.now()
// The first account is no admin, so that every language runs the journey as an ordinary user.
const server = await startTasklane({ FIRST_USER_ADMIN: 'false' })
const results: JourneyResult[] = []
const queue = [...selected]
try {
  await Promise.all(
    Array.from({ length: Math.max(1, Number(values.jobs)) }, async () => {
      for (let language = queue.shift(); language; language = queue.shift()) {
        const result = await testLanguage(language, server.url)
        results.push(result)
        printResult(result)
      }
    })
  )
} finally {
  await server.stop()
}

results.sort((a, b) => selected.indexOf(a.language) - selected.indexOf(b.language))
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
console.log(`\n${formatTable(results)}\n\nTook ${seconds} s on ${cpus().length} processors.`)
const skipped = results.filter((result) => result.skipped).length
const failed = results.filter((result) => result.failure).length + (values.strict ? skipped : 0)
const passed = results.filter((result) => !result.failure && !result.skipped).length
console.log(`${passed} passed, ${failed} failed${values.strict ? '' : `, ${skipped} skipped`}`)
process.exitCode = failed > 0 ? 1 : 0

function printResult({ language: { title }, skipped, failure, seconds, log }: JourneyResult): void {
  if (skipped) {
    console.log(`  skip  ${title}: ${skipped}`)
  } else if (failure) {
    console.log(`FAILED  ${title}, ${seconds.toFixed(0)} s`)
    console.log(`${log.slice(-MAX_PRINTED_LOG)}\n${failure}\n`)
  } else {
    console.log(`    ok  ${title}, ${seconds.toFixed(0)} s`)
  }
}
