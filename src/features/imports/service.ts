import { audit } from '../../core/audit.ts'
import type { Actor, RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { joinTransaction, type Tx, withTransaction } from '../../db/transaction.ts'
import { findProjectsById, findProjectsByName } from '../projects/service.ts'
import { assertMayCreateIn } from '../tasks/service.ts'
import { dryRunNote, recordFinished } from './ending.ts'
import { previewFile } from './preview.ts'
import { cancelUnfinished, findImport, listErrors, listImportsById } from './queries.ts'
import type { TaskImport, TaskImportError } from './schema.ts'
import { changeToQueued, countUnfinishedUnderLock } from './staging.queries.ts'
import { discardStaged, type ImportFile, type StagedImport, stageFile } from './staging.ts'
import type { ReadOptions } from './task-reader.ts'

export type { ImportOptions } from './staging.ts'

/** Each may have as many stored rows as a file may have. */
const MAX_UNFINISHED = 20

export interface ImportDeps {
  db: Db
  maxRows: number
  /** Wakes the workers that run imports. */
  wakeJobs?: (() => void) | undefined
}
type Ctx = RequestContext<Actor>

/** What is done to the imports of the caller; a worker runs them (job.ts). */
export function createImportService(deps: ImportDeps) {
  const { db, maxRows } = deps
  return {
    stageFile: async (ctx: RequestContext, file: ImportFile) => {
      await checkProject(db, ctx, file.options)
      return stageFile(db, ctx, file, maxRows)
    },
    previewFile: async (
      ctx: RequestContext,
      { source, options }: Pick<ImportFile, 'source'> & { options: ReadOptions }
    ) => {
      await checkProject(db, ctx, options)
      const find = {
        byName: (names: string[]) => findProjectsByName(db, ctx.caller, names),
        byId: (ids: [string, string][]) => findProjectsById(db, ctx.caller, ids)
      }
      return previewFile(source, options, maxRows, { userId: ctx.caller.id, find })
    },
    discardStaged: (ctx: Ctx, id: string) => discardStaged(db, ctx, id),
    queueImport: (ctx: Ctx, staged: StagedImport, tx?: Tx) => queueImport(deps, ctx, staged, tx),
    readImport: (ctx: Ctx, id: string) => readImport(db, ctx, id),
    readErrors: (ctx: Ctx, id: string, limit: number): Promise<TaskImportError[]> =>
      listErrors(db, ctx.caller.id, id, limit),
    cancelImport: (ctx: Ctx, id: string) => cancelImport(db, ctx, id)
  }
}

/** Returns the caller's imports with these ids. */
export async function readImports(
  db: Db,
  { caller }: RequestContext,
  ids: string[]
): Promise<Map<string, TaskImport>> {
  const found = ids.length === 0 ? [] : await listImportsById(db, caller.id, ids)
  return new Map(found.map((it) => [it.id, it]))
}

/** Throws when the caller may not create tasks in the project that they name, if they name one. */
async function checkProject(
  db: Db,
  { caller }: RequestContext,
  { project_id }: ReadOptions
): Promise<void> {
  if (project_id !== undefined) {
    await assertMayCreateIn(db, caller, project_id)
  }
}

/** Queues a staged import, in `tx` when there is one; from then on it is visible, and run whatever happens here. */
function queueImport(
  { db, wakeJobs }: ImportDeps,
  ctx: Ctx,
  { id, sha256: _, ...found }: StagedImport,
  tx?: Tx
): Promise<TaskImport> {
  return joinTransaction(db, tx, async (tx) => {
    if ((await countUnfinishedUnderLock(tx, ctx.caller.id)) >= MAX_UNFINISHED) {
      throw new Problem('too_many_imports', {
        detail: `You have ${MAX_UNFINISHED} unfinished imports. Wait until one is finished, or cancel one.`
      })
    }
    const queued = await changeToQueued(tx, ctx.caller.id, id, found)
    // The beginning of a file whose upload takes hours has been purged.
    if (!queued) {
      throw new Problem('request_timeout')
    }
    const rows = `${queued.rows_total} ${queued.rows_total === 1 ? 'row' : 'rows'}`
    const into = queued.project_id === null ? '' : ` into project ${queued.project_id}`
    const detail = rows + into + dryRunNote(queued)
    await audit.succeeded(tx, ctx, 'task_import.created', { task_import: id }, detail)
    if (wakeJobs) {
      tx.afterCommit(wakeJobs)
    }
    return queued
  })
}

async function readImport(db: Db, { caller }: Ctx, id: string): Promise<TaskImport> {
  const found = await findImport(db, caller.id, id)
  if (!found) {
    throw new Problem('not_found')
  }
  return found
}

/** Cancels an import; the tasks that it has created stay. */
async function cancelImport(db: Db, ctx: Ctx, id: string): Promise<TaskImport> {
  const cancelled = await withTransaction(db, async (tx) => {
    const found = await cancelUnfinished(tx, ctx.caller.id, id)
    if (found) {
      await audit.succeeded(tx, ctx, 'task_import.cancelled', { task_import: id })
      await recordFinished(tx, ctx, { ...found, owner_id: ctx.caller.id })
    }
    return found
  })
  if (cancelled) {
    return cancelled
  }
  const { status } = await readImport(db, ctx, id)
  throw new Problem('import_ended', {
    detail: `The import is ${status}. Only queued and running imports can be cancelled.`
  })
}
