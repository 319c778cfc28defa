import type { Runner } from './runner.ts'

/** One generator in one language: how its client is made, built and sent on the journey. */
export interface Language {
  name: string
  /** What the table calls it: the language and the generator. */
  title: string
  /** Gating ones hold up a change, the others are run by night or by name. */
  gating: boolean
  /** Programs that the machine must bring; the rest is fetched. */
  tools: string[]
  /** Where it lives, and where all that is generated goes: ignored by git, emptied before each run. */
  folder: string
  generated: string
  /** Fetches the generator and what the client stands on, at the locked versions. */
  prepare: (run: Runner) => Promise<unknown>
  generate: (run: Runner) => Promise<unknown>
  build: (run: Runner) => Promise<unknown>
  /** The command that tells the story. */
  journey: [command: string, ...args: string[]]
  /** Lines of the generator's output that say "warning" and are none of the contract's business, each with its reason. */
  tolerated?: [line: RegExp, reason: string][]
}
