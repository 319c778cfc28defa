import { type FileEncoding, MAX_WARNINGS, type TaskImportWarning } from './file.schema.ts'

export type FileFormat = 'csv' | 'json_lines'

/** What has been found out about a file while it is read. */
export interface Findings {
  format: FileFormat
  encoding: FileEncoding
  delimiter: string
  /** The program whose export it is; `generic` when it is none that is known. */
  source: string
  warnings: TaskImportWarning[]
  /** Tells something that the sender may not expect; the first of each code is kept. */
  warn: (code: string, detail: string) => void
}

export function createFindings(): Findings {
  const warnings: TaskImportWarning[] = []
  return {
    format: 'csv',
    encoding: 'utf_8',
    delimiter: ',',
    source: 'generic',
    warnings,
    warn(code, detail) {
      if (warnings.length < MAX_WARNINGS && warnings.every((warning) => warning.code !== code)) {
        warnings.push({ code, detail })
      }
    }
  }
}
