import { audit } from '../../core/audit.ts'
import { feedOf, recordListChanges } from '../../core/change-feed.ts'
import type { Actor, RequestContext } from '../../core/context.ts'
import type { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { joinTransaction, type Tx } from '../../db/transaction.ts'
import { addWarnings, type Totals } from './block.queries.ts'
import type { TaskImportWarning } from './file.schema.ts'
import { failRunning, type LeasedImport } from './lease.queries.ts'

/** An import acts for its owner, in the name of the request that uploaded the file. */
export const contextOf = ({ owner_id, request_id }: LeasedImport): RequestContext<Actor> => ({
  caller: { id: owner_id, name: null },
  requestId: request_id,
  ip: null,
  userAgent: null,
  isPart: true
})

/** Says in the audit log what came of an import that has succeeded. */
export async function recordEnd(tx: Tx, leased: LeasedImport, totals: Totals): Promise<void> {
  const { created, updated, skipped, rejected, projects_created, comments_created } = totals
  const records = [
    `${created} created, ${updated} updated, ${skipped} skipped, ${rejected} rejected`,
    projects_created > 0 && `${projects_created} projects created`,
    comments_created > 0 && `${comments_created} comments created`
  ]
  const counts = records.filter(Boolean).join(', ')
  const warnings = warningsOf(totals)
  if (warnings.length > 0) {
    await addWarnings(tx, leased, warnings)
  }
  await audit.succeeded(
    tx,
    contextOf(leased),
    'task_import.finished',
    { task_import: leased.id },
    counts + dryRunNote(leased)
  )
  await recordFinished(tx, contextOf(leased), leased)
}

/** Tells of records of an account that could not be taken. */
const warningsOf = ({ projects_rejected, comments_rejected }: Totals): TaskImportWarning[] => [
  ...(projects_rejected > 0
    ? [
        {
          code: 'projects_not_imported',
          detail: `${projects_rejected} projects are not imported: you may not own more, or delete some first.`
        }
      ]
    : []),
  ...(comments_rejected > 0
    ? [
        {
          code: 'comments_not_imported',
          detail:
            `${comments_rejected} comments are not imported: their tasks are not there, ` +
            'cannot be changed by you, or have as many as a task may have.'
        }
      ]
    : [])
]

/** Says in the feed of an importer that an import has come to its end, whatever that is. */
export const recordFinished = (
  tx: Tx,
  ctx: RequestContext<Actor>,
  { owner_id, id, project_id }: Pick<LeasedImport, 'owner_id' | 'id' | 'project_id'>
): Promise<void> =>
  recordListChanges(tx, ctx, [
    {
      ...feedOf(owner_id),
      type: 'import.finished',
      resource_type: 'import',
      resource_id: id,
      project_id
    }
  ])

/** What the log adds about an import that keeps nothing. */
export const dryRunNote = ({ dry_run }: { dry_run: boolean }): string =>
  dry_run ? '; dry run' : ''

/** Ends a running import as failed, with the reason, in `tx` when there is one. */
export function failImport(db: Db, leased: LeasedImport, problem: Problem, tx?: Tx): Promise<void> {
  return joinTransaction(db, tx, async (tx) => {
    if (await failRunning(tx, leased, problem)) {
      const subject = { task_import: leased.id }
      await audit.failed(tx, contextOf(leased), 'task_import.finished', subject, problem.code)
      await recordFinished(tx, contextOf(leased), leased)
    }
  })
}
