import { audit } from '../../core/audit.ts'
import { type RequestContext, systemRequestId } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import { withTransaction } from '../../db/transaction.ts'
import { purgeDeletedProjects } from './purge.queries.ts'

const CHUNK = 100
const PURGE_CONTEXT: RequestContext<null> = {
  caller: null,
  requestId: systemRequestId('purge'),
  ip: null,
  userAgent: null
}

/** Deletes a chunk of the projects that have been in the trash for more than `afterDays` and have no tasks left. */
export const purgeProjects = (
  db: Db,
  afterDays: number
): Promise<{ done: number; more: boolean }> =>
  withTransaction(db, async (tx) => {
    const ids = await purgeDeletedProjects(tx, afterDays, CHUNK)
    await audit.succeededAll(
      tx,
      PURGE_CONTEXT,
      ids.map((id) => ({ action: 'project.purged', subject: { project: id } }))
    )
    return { done: ids.length, more: ids.length === CHUNK }
  })
