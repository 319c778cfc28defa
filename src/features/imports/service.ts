import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import {
  cancelImport,
  changeToQueued,
  countUnfinishedUnderLock,
  findImport,
  listErrors
} from './queries.ts'
import type { TaskImport, TaskImportError } from './schema.ts'
import type { Staged } from './staging.ts'

export { discardStaged, type Staged, stageFile } from './staging.ts'

/** Each may hold as many staged rows as a file may have. */
const MAX_UNFINISHED = 20

/** Makes an import of a staged file: from now on it is there, and will be worked on, whatever happens to this process. Runs in the caller's transaction. */
export async function queueImport(
  tx: Db,
  { owner_id, id, rows_total, ignored_columns }: Staged
): Promise<TaskImport> {
  if ((await countUnfinishedUnderLock(tx, owner_id)) >= MAX_UNFINISHED) {
    throw new Problem('too_many_imports', {
      detail: `${MAX_UNFINISHED} imports of yours have not ended yet. Wait for one, or cancel one.`
    })
  }
  const queued = await changeToQueued(tx, owner_id, id, rows_total, ignored_columns)
  // Who takes hours to send a file finds its beginning purged.
  if (!queued) {
    throw new Problem('request_timeout')
  }
  return queued
}

/** An import as it stands. */
export async function readImport(db: Db, owner_id: string, id: string): Promise<TaskImport> {
  const found = await findImport(db, owner_id, id)
  if (!found) {
    throw new Problem('not_found')
  }
  return found
}

/** The first errors of an import. */
export const readErrors = (
  db: Db,
  owner_id: string,
  id: string,
  limit: number
): Promise<TaskImportError[]> => listErrors(db, owner_id, id, limit)

/** Ends an import; what it has brought in stays. */
export async function cancelOwnImport(db: Db, owner_id: string, id: string): Promise<TaskImport> {
  const cancelled = await cancelImport(db, owner_id, id)
  if (cancelled) {
    return cancelled
  }
  const ended = await findImport(db, owner_id, id)
  if (!ended) {
    throw new Problem('not_found')
  }
  throw new Problem('import_ended', {
    detail: `The import is ${ended.status}: there is nothing left to cancel.`
  })
}
