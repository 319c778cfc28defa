import type { ApiInstance } from './environment.ts'

/** Counts the processes of an instance that have logged, at level info, that they listen. */
export const countListening = (api: ApiInstance | undefined): number =>
  api?.service.countLogLines('"msg":"listening"') ?? 0
