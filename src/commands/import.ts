import { randomUUID } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { jobs } from '../background.ts'
import type { Config } from '../config.ts'
import { systemRequestId } from '../core/context.ts'
import { startJobRunner } from '../core/job-runner.ts'
import { createMail } from '../core/mail.ts'
import { Problem } from '../core/problem.ts'
import type { Db } from '../db/client.ts'
import { getUser } from '../features/identity/service.ts'
import { previewFile } from '../features/imports/preview.ts'
import type { TaskImport } from '../features/imports/schema.ts'
import { createImportService, type ImportOptions } from '../features/imports/service.ts'
import { fileErrorReason } from '../lib/file-error.ts'
import {
  CommandError,
  loadConfig,
  loadSecrets,
  migrateConfigured,
  openConfiguredDatabase
} from './bootstrap.ts'
import { type ImportFlags, readFlags } from './import-flags.ts'

const POLL_MS = 200
const MAX_ERRORS = 20
const BAR_WIDTH = 30

export interface ImportArguments extends ImportFlags {
  file: string | undefined
  user: string | undefined
  preview: boolean
}

/**
 * Imports a file for a user, shows the progress, and lists the rejected rows. Ctrl+C cancels the import; rows that were
 * imported before stay. With `preview` it shows what an import would make of the file, and changes nothing.
 */
export async function importCommand({
  file,
  user,
  preview,
  ...flags
}: ImportArguments): Promise<void> {
  if (file === undefined || (user === undefined && !preview)) {
    throw new CommandError('Set the file and the user: npm run import -- tasks.csv --user ann')
  }
  await checkFile(file)
  const config = loadConfig()
  try {
    const options = readFlags(flags)
    await (user === undefined || preview
      ? showPreview(file, options, config)
      : openAndImport({ config, file, user, options }))
  } catch (error) {
    throw error instanceof Problem ? new CommandError(error.message) : error
  }
}

/** Reads the file and nothing else: neither a database nor a data directory is made for it. */
async function showPreview(
  file: string,
  options: ImportOptions,
  { IMPORT_MAX_ROWS }: Config
): Promise<void> {
  const preview = await previewFile(createReadStream(file), options, IMPORT_MAX_ROWS)
  console.log(JSON.stringify(preview, null, 2))
}

/** Checks the file before a database is opened for it. It is not opened, since it may be a pipe. */
async function checkFile(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK)
    if ((await stat(file)).isDirectory()) {
      throw Object.assign(new Error(), { code: 'EISDIR' })
    }
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${fileErrorReason(error)}.`)
  }
}

interface Run {
  config: Config
  file: string
  user: string
  options: ImportOptions
}

async function openAndImport(run: Run): Promise<void> {
  const database = await openConfiguredDatabase(run.config)
  try {
    await migrateConfigured(run.config, database)
    await importFor(database.db, run)
  } finally {
    await database.close()
  }
}

async function importFor(db: Db, { config, file, user, options }: Run): Promise<void> {
  const owner = await getUser(db, user.includes('@') ? { email: user } : { username: user })
  if (!owner) {
    throw new CommandError(`There is no user ${user}.`)
  }
  const imports = createImportService({ db, maxRows: config.IMPORT_MAX_ROWS })
  const ctx = {
    caller: { id: owner.id, name: owner.username ?? user, role: owner.role, session_id: '' },
    requestId: systemRequestId(`import-${randomUUID()}`),
    ip: null,
    userAgent: null
  }
  const staged = await imports.stageFile(ctx, {
    file_name: basename(file),
    source: createReadStream(file),
    options
  })
  const { id } = await imports.queueImport(ctx, staged).catch(async (error) => {
    await imports.discardStaged(ctx, staged.id)
    throw error
  })
  const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }))
  const work = { db, config, log, secrets: loadSecrets(config), mail: createMail(config, log) }
  const runner = startJobRunner(
    jobs(work).filter(({ name }) => name === 'imports.run'),
    log
  )
  const cancel = () => {
    imports.cancelImport(ctx, id).catch(() => {})
  }
  process.once('SIGINT', cancel).once('SIGTERM', cancel)
  try {
    const finished = await watch(() => imports.readImport(ctx, id))
    report(finished, await imports.readErrors(ctx, id, MAX_ERRORS))
  } finally {
    await runner.stop()
  }
}

/** Polls an import until it has finished. Shows the progress as a bar on a terminal, otherwise once at the end. */
async function watch(read: () => Promise<TaskImport>): Promise<TaskImport> {
  for (;;) {
    const now = await read()
    if (process.stdout.isTTY) {
      process.stdout.write(`\r${bar(now)}`)
    }
    if (now.finished_at !== null) {
      process.stdout.write(process.stdout.isTTY ? '\n' : `${bar(now)}\n`)
      return now
    }
    await pause(POLL_MS)
  }
}

function bar({ rows_processed, rows_total, rows_rejected }: TaskImport): string {
  const share = rows_total === 0 ? 1 : rows_processed / rows_total
  const filled = Math.round(share * BAR_WIDTH)
  const percent = String(Math.floor(share * 100)).padStart(3)
  return (
    `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${percent} %   ` +
    `${rows_processed} of ${rows_total} rows, ${rows_rejected} rejected`
  )
}

function report(
  { status, dry_run, ignored_columns, warnings, problem, ...rows }: TaskImport,
  errors: { row: number; column: string | null; message: string }[]
): void {
  const ignored =
    ignored_columns.length > 0 ? `; ignored columns: ${ignored_columns.join(', ')}` : ''
  const imported = dry_run ? 'would be imported' : 'imported'
  const changed = rows.rows_updated > 0 ? ` (${rows.rows_updated} changed)` : ''
  const skipped = rows.rows_skipped > 0 ? `, ${rows.rows_skipped} skipped` : ''
  console.log(
    `${status}: ${rows.rows_imported} ${imported}${changed}${skipped}, ${rows.rows_rejected} rejected${ignored}`
  )
  for (const { detail } of warnings) {
    console.log(`  note: ${detail}`)
  }
  for (const { row, column, message } of errors) {
    console.log(`  row ${row}${column === null ? '' : `, ${column}`}: ${message}`)
  }
  if (errors.length === MAX_ERRORS) {
    console.log(
      '  There may be more: GET /api/v1/task-imports/{import_id}/errors returns the first 1000.'
    )
  }
  if (problem) {
    console.log(problem.detail)
  }
  if (status !== 'succeeded') {
    process.exitCode = 1
  }
}
