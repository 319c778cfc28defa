import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Language } from './language.ts'
import { namesIn } from './names.ts'
import { CommandFailed, Log } from './runner.ts'
import { STEPS } from './steps.ts'

const JOURNEY_MS = 120_000

/** How far one language came. Times are seconds; a stage or step without an entry was not reached. */
export interface Journey {
  language: Language
  skipped?: string
  fault?: string
  log: string
  seconds: number
  times: { prepare?: number; generate?: number; build?: number; journey?: number }
  names?: number
  steps: Set<string>
}

/** Makes a language's client, builds it and sends it on its way. */
export async function travel(language: Language, url: string): Promise<Journey> {
  const missing = language.tools.filter((tool) => !isThere(tool))
  const journey: Journey = { language, log: '', seconds: 0, times: {}, steps: new Set() }
  if (missing.length > 0) {
    return { ...journey, skipped: `${missing.join(' and ')} not found` }
  }
  const log = new Log()
  const startedAt = performance.now()
  const timed = async (stage: keyof Journey['times'], work: () => Promise<unknown>) => {
    const from = performance.now()
    await work()
    journey.times[stage] = (performance.now() - from) / 1000
  }
  try {
    rmSync(language.generated, { recursive: true, force: true })
    mkdirSync(language.generated, { recursive: true })
    await timed('prepare', () => language.prepare(log.run))
    const before = log.text.length
    await timed('generate', () => language.generate(log.run))
    refuseWarnings(language, log.text.slice(before))
    const { names, invented } = namesIn(language.generated)
    if (names.length < 50) {
      throw new Error(`Only ${names.length} names were generated.`)
    }
    if (invented.length > 0) {
      throw new Error(`The generator had to invent names: ${invented.join(', ')}`)
    }
    journey.names = names.length
    await timed('build', () => language.build(log.run))
    await timed('journey', () => tellStory(language, url, log, journey.steps))
  } catch (error) {
    journey.fault = (error as Error).message
  }
  return { ...journey, log: log.text, seconds: (performance.now() - startedAt) / 1000 }
}

async function tellStory(
  language: Language,
  url: string,
  log: Log,
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
  const told = await log
    .run(command, args, { cwd: language.folder, env, ms: JOURNEY_MS })
    .catch((error: unknown) => {
      failure = error
      return error instanceof CommandFailed ? error.output : ''
    })
  for (const [, step] of told.matchAll(/^ok (.+?)\r?$/gm)) {
    steps.add(step as string)
  }
  if (failure) {
    throw failure
  }
  const untold = STEPS.filter((step) => !steps.has(step))
  if (untold.length > 0 || steps.size > STEPS.length) {
    throw new Error(
      `The story is another one; missing: ${untold.join(', ') || 'nothing'}; told: ${[...steps].join(', ')}`
    )
  }
}

function refuseWarnings({ tolerated = [] }: Language, output: string): void {
  const warnings = output
    .split('\n')
    .filter(
      (line) =>
        /\bwarn(ing)?s?\b/i.test(line) &&
        !line.startsWith('$ ') &&
        !tolerated.some(([pattern]) => pattern.test(line))
    )
  if (warnings.length > 0) {
    throw new Error(`The generator warned:\n${[...new Set(warnings)].join('\n')}`)
  }
}

const isThere = (tool: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, tool)))
