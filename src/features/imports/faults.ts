import type { COMMENT, ImportField } from './fields.ts'

/** What is wrong with a row; `column` is empty for an error of the row as a whole. */
export interface RowError {
  column: ImportField | typeof COMMENT | ''
  code: string
  message: string
  value: string | null
}

/** Why a valid row is rejected after all. */
export type Rejection = RowError & { row: number }

/** What is wrong with one field of a row. */
export type Fault = Pick<RowError, 'code' | 'message'> & { column: ImportField }
