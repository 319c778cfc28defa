import type { Runner } from './runner.ts'

/** One generator in one language: how its client is generated and built, and how it runs the journey. */
export interface Language {
  name: string
  /** The language and the generator, for lists. */
  title: string
  /** Whether it runs by default and for every change; others run nightly or by name. */
  gating: boolean
  /** Programs that must be installed; all else is downloaded. */
  tools: string[]
  /** The folder of its sources. */
  folder: string
  /** The folder of everything generated: ignored by git, emptied before each run. */
  generated: string
  /** Installs the generator and the client's dependencies at the locked versions. */
  prepare: (run: Runner) => Promise<unknown>
  generate: (run: Runner) => Promise<unknown>
  build: (run: Runner) => Promise<unknown>
  /** The command that runs the journey. */
  journey: [command: string, ...args: string[]]
  /** Warnings of the generator that no change of the contract could avoid, each with its reason. */
  toleratedWarnings?: [line: RegExp, reason: string][]
}
