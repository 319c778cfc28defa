import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { collectNames } from './generated-names.ts'
import type { Language } from './language.ts'
import { CommandError, CommandLog } from './runner.ts'
import { STEPS } from './steps.ts'

const JOURNEY_TIMEOUT_MS = 120_000
/** Fewer names mean that the generator has left out most of the contract. */
const MIN_NAMES = 50

/** The result of one language. Times are seconds; a stage or step without an entry was not reached. */
export interface JourneyResult {
  language: Language
  skipped?: string
  failure?: string
  log: string
  seconds: number
  times: { prepare?: number; generate?: number; build?: number; journey?: number }
  names?: number
  steps: Set<string>
}

/** Generates a language's client, builds it, and runs the journey with it. */
export async function testLanguage(language: Language, url: string): Promise<JourneyResult> {
  const missing = language.tools.filter((tool) => !isInstalled(tool))
  const result: JourneyResult = { language, log: '', seconds: 0, times: {}, steps: new Set() }
  if (missing.length > 0) {
    return { ...result, skipped: `${missing.join(' and ')} not found` }
  }
  const log = new CommandLog()
  const startedAt = performance.now()
  const timed = async (stage: keyof JourneyResult['times'], work: () => Promise<unknown>) => {
    const from = performance.now()
    await work()
    result.times[stage] = (performance.now() - from) / 1000
  }
  try {
    rmSync(language.generated, { recursive: true, force: true })
    mkdirSync(language.generated, { recursive: true })
    await timed('prepare', () => language.prepare(log.run))
    const logged = log.text.length
    await timed('generate', () => language.generate(log.run))
    rejectWarnings(language, log.text.slice(logged))
    result.names = countNames(language)
    await timed('build', () => language.build(log.run))
    await timed('journey', () => runJourney(language, url, log, result.steps))
  } catch (error) {
    result.failure = (error as Error).message
  }
  return { ...result, log: log.text, seconds: (performance.now() - startedAt) / 1000 }
}

/** Runs the journey, and adds each step that it prints to `steps`. */
async function runJourney(
  language: Language,
  url: string,
  log: CommandLog,
  steps: Set<string>
): Promise<void> {
  const [command, ...args] = language.journey
  const env = {
    TASKLANE_URL: url,
    TASKLANE_USERNAME: `${language.name}-${randomUUID().slice(0, 8)}`,
    TASKLANE_PASSWORD: 'correct horse battery',
    TASKLANE_CSV: fileURLToPath(new URL('tasks.csv', import.meta.url))
  }
  let failure: unknown
  const output = await log
    .run(command, args, { cwd: language.folder, env, timeoutMs: JOURNEY_TIMEOUT_MS })
    .catch((error: unknown) => {
      failure = error
      return error instanceof CommandError ? error.output : ''
    })
  for (const [, step] of output.matchAll(/^ok (.+?)\r?$/gm)) {
    steps.add(step as string)
  }
  if (failure) {
    throw failure
  }
  const missing = STEPS.filter((step) => !steps.has(step))
  if (missing.length > 0 || steps.size > STEPS.length) {
    throw new Error(
      `The journey has other steps; missing: ${missing.join(', ') || 'none'}; ` +
        `printed: ${[...steps].join(', ')}`
    )
  }
}

/** Counts the generated names; throws when there are too few, or when the generator had to invent one. */
function countNames({ generated }: Language): number {
  const { names, invented } = collectNames(generated)
  if (names.length < MIN_NAMES) {
    throw new Error(`Only ${names.length} names were generated.`)
  }
  if (invented.length > 0) {
    throw new Error(`The generator had to invent names: ${invented.join(', ')}`)
  }
  return names.length
}

function rejectWarnings({ toleratedWarnings = [] }: Language, output: string): void {
  const warnings = output
    .split('\n')
    .filter(
      (line) =>
        /\bwarn(ing)?s?\b/i.test(line) &&
        !line.startsWith('$ ') &&
        !toleratedWarnings.some(([pattern]) => pattern.test(line))
    )
  if (warnings.length > 0) {
    throw new Error(`The generator warned:\n${[...new Set(warnings)].join('\n')}`)
  }
}

const isInstalled = (tool: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, tool)))
