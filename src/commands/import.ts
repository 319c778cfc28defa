import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { jobs } from '../background.ts'
import type { Config } from '../config.ts'
import { startJobRunner } from '../core/job-runner.ts'
import { Problem } from '../core/problem.ts'
import type { Db } from '../db/client.ts'
import { withTransaction } from '../db/transaction.ts'
import { getUser } from '../features/identity/service.ts'
import type { TaskImport } from '../features/imports/schema.ts'
import {
  cancelOwnImport,
  discardStaged,
  queueImport,
  readErrors,
  readImport,
  stageFile
} from '../features/imports/service.ts'
import { CommandError, loadConfig, migrateConfigured, openConfiguredDatabase } from './bootstrap.ts'

const LOOK_MS = 200
const SHOWN_ERRORS = 20
const BAR_WIDTH = 30

export interface ImportOptions {
  file: string | undefined
  user: string | undefined
  'dry-run': boolean
}

/** Imports a file for somebody, shows how far it is, and names the rows that were rejected. Ctrl+C cancels it and keeps what is in. */
export async function importCommand({
  file,
  user,
  'dry-run': dry_run
}: ImportOptions): Promise<void> {
  if (file === undefined || user === undefined) {
    throw new CommandError('Say which file and for whom: npm run import -- tasks.csv --user ann')
  }
  const config = loadConfig()
  const database = await openConfiguredDatabase(config)
  try {
    await migrateConfigured(config, database)
    await importFor(database.db, config, file, user, dry_run)
  } catch (error) {
    throw error instanceof Problem ? new CommandError(error.message) : error
  } finally {
    await database.close()
  }
}

async function importFor(
  db: Db,
  config: Config,
  file: string,
  user: string,
  dry_run: boolean
): Promise<void> {
  const owner = await getUser(db, user.includes('@') ? { email: user } : { username: user })
  if (!owner) {
    throw new CommandError(`There is no user ${user}.`)
  }
  const owner_id = owner.id
  const staged = await stageFile(
    db,
    {
      owner_id,
      request_id: `import-${randomUUID()}`,
      dry_run,
      file_name: basename(file),
      source: createReadStream(file)
    },
    { maxRows: config.IMPORT_MAX_ROWS }
  )
  const { id } = await withTransaction(db, (tx) => queueImport(tx, staged)).catch(async (error) => {
    await discardStaged(db, staged)
    throw error
  })
  const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }))
  const work = startJobRunner(jobs({ db, config, log }), log)
  const cancel = () => {
    cancelOwnImport(db, owner_id, id).catch(() => {})
  }
  process.once('SIGINT', cancel).once('SIGTERM', cancel)
  try {
    const ended = await watch(() => readImport(db, owner_id, id))
    report(ended, await readErrors(db, owner_id, id, SHOWN_ERRORS))
  } finally {
    await work.stop()
  }
}

/** Looks until the end, showing where it stands: as a bar on a terminal, else once. */
async function watch(look: () => Promise<TaskImport>): Promise<TaskImport> {
  for (;;) {
    const now = await look()
    if (process.stdout.isTTY) {
      process.stdout.write(`\r${bar(now)}`)
    }
    if (now.finished_at !== null) {
      process.stdout.write(process.stdout.isTTY ? '\n' : `${bar(now)}\n`)
      return now
    }
    await pause(LOOK_MS)
  }
}

function bar({ rows_processed, rows_total, rows_rejected }: TaskImport): string {
  const share = rows_total === 0 ? 1 : rows_processed / rows_total
  const full = Math.round(share * BAR_WIDTH)
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}] ${String(Math.floor(share * 100)).padStart(3)} %   ${rows_processed} of ${rows_total} rows, ${rows_rejected} rejected`
}

function report(
  { status, dry_run, rows_imported, rows_rejected, ignored_columns, problem }: TaskImport,
  errors: { row: number; column: string | null; message: string }[]
): void {
  console.log(
    `${status}: ${rows_imported} ${dry_run ? 'would be ' : ''}imported, ${rows_rejected} rejected${ignored_columns.length > 0 ? `; ignored columns: ${ignored_columns.join(', ')}` : ''}`
  )
  for (const { row, column, message } of errors) {
    console.log(`  row ${row}${column === null ? '' : `, ${column}`}: ${message}`)
  }
  if (errors.length === SHOWN_ERRORS) {
    console.log('  and perhaps more: GET /api/v1/task-imports/{import_id}/errors has them all')
  }
  if (problem) {
    console.log(problem.detail)
  }
  if (status !== 'succeeded') {
    process.exitCode = 1
  }
}
