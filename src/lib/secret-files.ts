import { readFileSync } from 'node:fs'
import { fileErrorReason } from './file-error.ts'

type Env = Record<string, string | undefined>

/**
 * Fills in the settings that a file holds (`JWT_SECRET_FILE` names the file of `JWT_SECRET`), without the newline at
 * its end. A file that cannot be used is a fault, and so is a setting that is given as well.
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
      values[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
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
