import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT } from '../support/tools.ts'

/** The contract, and its twin for generators that read no 3.1. */
export const CONTRACT = join(ROOT, 'openapi/openapi.json')
export const TWIN = join(ROOT, 'openapi/openapi-3.0.json')
/** Where generators are kept between runs; ignored by git. */
export const CACHE = join(ROOT, '.tools', 'conformance')

export const folderOf = (module: string, name = '.'): string =>
  fileURLToPath(new URL(name, module)).replace(/\/$/, '')

/** Does the work unless it has been done for these very contents. */
export function unlessDone(
  marker: string,
  files: string[],
  work: () => Promise<unknown>
): Promise<void> {
  // Two languages may share their tools and ask for them at the same moment.
  const started = underway.get(marker) ?? doUnlessDone(marker, files, work)
  underway.set(marker, started)
  return started
}
const underway = new Map<string, Promise<void>>()

async function doUnlessDone(
  marker: string,
  files: string[],
  work: () => Promise<unknown>
): Promise<void> {
  const state = createHash('sha256')
    .update(files.map((file) => readFileSync(file, 'utf8')).join('\0'))
    .digest('hex')
  if (existsSync(marker) && readFileSync(marker, 'utf8') === state) {
    return
  }
  mkdirSync(dirname(marker), { recursive: true })
  await work()
  writeFileSync(marker, state)
}
