import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT } from '../support/tools.ts'

/** The contract (OpenAPI 3.1), and its 3.0 version for generators that do not read 3.1. */
export const CONTRACT = join(ROOT, 'openapi/openapi.json')
export const CONTRACT_3_0 = join(ROOT, 'openapi/openapi-3.0.json')
/** Where generators are stored between runs; ignored by git. */
export const CACHE = join(ROOT, '.tools', 'conformance')

/** The folder of a module, by its import.meta.url. */
export const folderOf = (moduleUrl: string): string =>
  fileURLToPath(new URL('.', moduleUrl)).replace(/\/$/, '')
