import { DateOrder, FileEncoding } from '../features/imports/file.schema.ts'
import { NO_MAPPING, parseMapping } from '../features/imports/mapping.ts'
import { OnConflict } from '../features/imports/schema.ts'
import type { ImportOptions } from '../features/imports/service.ts'
import { readTimeZone } from '../http/time-zone.ts'
import { UUID } from '../lib/uuid.ts'
import { CommandError } from './bootstrap.ts'

/** The options of the command, as they are typed. */
export interface ImportFlags {
  'dry-run': boolean
  'on-conflict'?: string | undefined
  'date-order'?: string | undefined
  'time-zone'?: string | undefined
  encoding?: string | undefined
  mapping?: string | undefined
  project?: string | undefined
}

/** Reads the options of an import, or throws what is wrong with them. */
export const readFlags = (flags: ImportFlags): ImportOptions => ({
  dry_run: flags['dry-run'],
  on_conflict: oneOf(OnConflict, '--on-conflict', flags['on-conflict']),
  date_order: oneOf(DateOrder, '--date-order', flags['date-order']),
  zone: readTimeZone(flags['time-zone']),
  project_id: projectOf(flags.project),
  encoding: oneOf(FileEncoding, '--encoding', flags.encoding),
  mapping: flags.mapping === undefined ? NO_MAPPING : parseMapping(flags.mapping, 'query')
})

function projectOf(id: string | undefined): string | undefined {
  if (id !== undefined && !UUID.test(id)) {
    throw new CommandError('--project must be the id of a project.')
  }
  return id?.toLowerCase()
}

function oneOf<T extends string>(
  schema: { static: T; enum?: unknown },
  flag: string,
  value: string | undefined
): T | undefined {
  const known = schema.enum as T[]
  const found = known.find((each) => each === value)
  if (value !== undefined && found === undefined) {
    throw new CommandError(`${flag} must be one of ${known.join(', ')}.`)
  }
  return found
}
