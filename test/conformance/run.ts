/**
 * Proves that generated clients work: makes them from the committed contract, builds them strictly, and lets each tell
 * the same story to a real server. `npm run conformance -- python go` runs those; without names, the gating ones.
 * `--nightly` runs all, `--strict` lets a missing tool fail, `--list` names the languages, `--jobs=1` runs them in turn.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { startTasklane } from '../support/server.ts'
import { type Journey, travel } from './journey.ts'
import { LANGUAGES } from './languages.ts'
import { table } from './table.ts'

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
    console.error(`There is no language «${name}».`)
  }
  for (const { name, title, gating } of LANGUAGES) {
    console.log(`${name.padEnd(22)} ${title}${gating ? '' : ' (nightly)'}`)
  }
  process.exit(unknown.length > 0 ? 1 : 0)
}
const chosen = LANGUAGES.filter(({ name, gating }) =>
  positionals.length > 0 ? positionals.includes(name) : gating || values.nightly
)

const startedAt = performance.now()
// The first account is like the others, so that every language tells the story as an ordinary user.
const server = await startTasklane({ FIRST_USER_ADMIN: 'false' })
const journeys: Journey[] = []
const waiting = [...chosen]
try {
  await Promise.all(
    Array.from({ length: Math.max(1, Number(values.jobs)) }, async () => {
      for (let language = waiting.shift(); language; language = waiting.shift()) {
        const journey = await travel(language, server.url)
        journeys.push(journey)
        console.log(
          `${journey.skipped ? '  skip' : journey.fault ? 'FAILED' : '    ok'}  ${language.title}${journey.skipped ? `: ${journey.skipped}` : `, ${journey.seconds.toFixed(0)} s`}`
        )
        if (journey.fault) {
          console.log(`${journey.log.slice(-6000)}\n${journey.fault}\n`)
        }
      }
    })
  )
} finally {
  await server.stop()
}

journeys.sort((a, b) => chosen.indexOf(a.language) - chosen.indexOf(b.language))
console.log(`\n${table(journeys)}\n`)
console.log(
  `All of it took ${((performance.now() - startedAt) / 1000).toFixed(0)} s on ${cpus().length} processors.`
)
const skipped = journeys.filter((journey) => journey.skipped).length
const failed = journeys.filter((journey) => journey.fault).length + (values.strict ? skipped : 0)
const passed = journeys.filter((journey) => !journey.fault && !journey.skipped).length
console.log(`${passed} passed, ${failed} failed${values.strict ? '' : `, ${skipped} skipped`}`)
process.exitCode = failed > 0 ? 1 : 0
