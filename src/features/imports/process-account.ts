import { Problem } from '../../core/problem.ts'
import { ownUuid } from '../../lib/deterministic-uuid.ts'
import { importComments } from '../comments/service.ts'
import { archiveImported, importProject } from '../projects/service.ts'
import { type Block, readRecords } from './block.queries.ts'
import {
  type CommentRecord,
  FIRST_CLOSING_BLOCK,
  FIRST_PROJECT_BLOCK,
  type ProjectRecord
} from './phases.ts'
import { type BlockOutcome, NOTHING, type Run, refusalOr } from './run.ts'
import { insertBlock, NO_ROWS } from './staging.queries.ts'

/**
 * Creates the projects of an account's export that are missing, as the importer's, with their ids; under another id,
 * the same each time, where that of the file belongs to somebody else. A dry run creates none.
 */
export async function createProjects(run: Run, block: Block): Promise<BlockOutcome> {
  const { tx, ctx, leased } = run
  const outcome = { ...NOTHING, projects_created: 0, projects_rejected: 0 }
  const archived: string[] = []
  const records = await readRecords<ProjectRecord>(tx, leased, block)
  for (const { archived: isArchived, ...project } of leased.dry_run ? [] : records) {
    const own_id = ownUuid(ctx.caller.id, project.id)
    const created = await refusalOr(() => importProject(run, ctx, { ...project, own_id }, tx))
    if (created instanceof Problem) {
      outcome.projects_rejected++
    } else if (created !== undefined) {
      outcome.projects_created++
      archived.push(...(isArchived ? [created] : []))
    }
  }
  if (archived.length > 0) {
    const block_no = FIRST_CLOSING_BLOCK + block.block_no - FIRST_PROJECT_BLOCK
    const closing = { ...NO_ROWS, block_no, tasks: JSON.stringify(archived) }
    await insertBlock(tx, leased.owner_id, leased.id, closing)
  }
  return { ...outcome, addsBlocks: archived.length > 0 }
}

/** Archives the projects that were archived where the file comes from, now that their tasks are there. */
export async function archiveProjects(run: Run, block: Block): Promise<BlockOutcome> {
  for (const id of await readRecords<string>(run.tx, run.leased, block)) {
    await archiveImported(run.ctx, id, run.tx)
  }
  return NOTHING
}

/** Adds the comments of an account's export to its tasks. A dry run has made none of these, and adds none. */
export async function addComments(run: Run, block: Block): Promise<BlockOutcome> {
  const { tx, ctx, leased } = run
  const records = await readRecords<CommentRecord>(tx, leased, block)
  if (leased.dry_run) {
    return NOTHING
  }
  const deps = { ...run, project_id: leased.project_id }
  const { created, rejected } = await importComments(deps, ctx, records, tx)
  return { ...NOTHING, comments_created: created, comments_rejected: rejected }
}
