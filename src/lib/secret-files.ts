import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { fileErrorReason } from './file-error.ts'

type Env = Record<string, string | undefined>

/**
 * Fills in the settings that a file holds (`JWT_SECRET_FILE` names the file of `JWT_SECRET`), without the newline at
 * its end and a byte order mark. A file that cannot be used is a fault, and so is a setting that is given as well.
 */
export function readSecretFiles(
  env: Env,
  names: readonly string[]
): { values: Env; faults: string[] } {
  const values = { ...env }
  const faults: string[] = []
  for (const name of names) {
    const file = env[`${name}_FILE`]?.trim()
    if (!file) {
      continue
    }
    if (env[name]?.trim()) {
      faults.push(`${name} and ${name}_FILE are both set; set one of them`)
      continue
    }
    try {
      const bytes = readFileSync(file)
      if (!isUtf8(bytes) || bytes.includes(0)) {
        faults.push(`${name}_FILE is not text in UTF-8`)
        continue
      }
      values[name] = bytes.toString().replace(/^\uFEFF|\r?\n$/g, '')
    } catch (error) {
      faults.push(`${name}_FILE cannot be read: ${fileErrorReason(error)}`)
      continue
    }
    if (values[name]?.trim() === '') {
      faults.push(`${name}_FILE is empty`)
    }
  }
  return { values, faults }
}
