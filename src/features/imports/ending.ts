import { audit } from '../../core/audit.ts'
import type { Actor, RequestContext } from '../../core/context.ts'
import type { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { joinTransaction, type Tx } from '../../db/transaction.ts'
import type { Totals } from './block.queries.ts'
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
  const { created, updated, skipped, rejected } = totals
  const counts = `${created} created, ${updated} updated, ${skipped} skipped, ${rejected} rejected`
  await audit.succeeded(
    tx,
    contextOf(leased),
    'task_import.finished',
    { task_import: leased.id },
    counts + dryRunNote(leased)
  )
}

/** What the log adds about an import that keeps nothing. */
export const dryRunNote = ({ dry_run }: { dry_run: boolean }): string =>
  dry_run ? '; dry run' : ''

/** Ends a running import as failed, with the reason, in `tx` when there is one. */
export function failImport(db: Db, leased: LeasedImport, problem: Problem, tx?: Tx): Promise<void> {
  return joinTransaction(db, tx, async (tx) => {
    if (await failRunning(tx, leased, problem)) {
      const subject = { task_import: leased.id }
      await audit.failed(tx, contextOf(leased), 'task_import.finished', subject, problem.code)
    }
  })
}
