import { type ListChange, recordListChanges } from '../../core/change-feed.ts'
import type { RequestContext } from '../../core/context.ts'
import type { Tx } from '../../db/transaction.ts'
import { listVisibleAmong } from '../people/service.ts'
import { mayIn, roleIn } from '../project-access/service.ts'
import { type CommentedTask, countComments, lockAllCommented } from '../tasks/service.ts'
import { type CommentDeps, MAX_COMMENTS } from './deps.ts'
import { commentChanges } from './feed.ts'
import {
  type CommentRow,
  insertComments,
  listKnownComments,
  listKnownUsers
} from './imported.queries.ts'
import { mentionsIn } from './mentions.ts'
import { MAX_BODY } from './schema.ts'

/** A comment from a file: of an account, or of another program. */
export interface ImportedComment {
  id: string
  task_id: string
  /** The id that the task has here when that one belongs to somebody else. */
  own_task_id?: string
  /** Who wrote it, there; programs name people only. */
  author_id?: string
  /** Whether that is whose export it is, or nobody is named. */
  is_own: boolean
  /** The name of the author, if it is known. */
  author?: string
  body: string
  created_at?: string
  edited_at?: string
}

export interface ImportedComments {
  created: number
  /** Those that their tasks have already. */
  skipped: number
  /** Those whose task is not there, or has no room for them. */
  rejected: number
}

interface ImportDeps extends Omit<CommentDeps, 'db'> {
  /** The project that the tasks go into; null where each says its own. */
  project_id: string | null
}

/**
 * Adds comments to tasks that the caller may change, with the ids and times that they had. All are the caller's: what
 * others have written says so in its text, and nobody else is made its author. Those that a task has are skipped.
 */
export async function importComments(
  { config, storage, project_id }: ImportDeps,
  ctx: RequestContext,
  comments: ImportedComment[],
  tx: Tx
): Promise<ImportedComments> {
  const { caller } = ctx
  const locked = await lockAllCommented(tx, caller, comments.flatMap(taskIdsOf))
  const tasks = new Map(
    locked
      .filter(({ task }) => mayChange(ctx, task, project_id))
      .map((each) => [each.task.id, each])
  )
  const on = [...tasks.values()].map(({ task }) => task)
  const known = await listKnownComments(tx, on, idsOf(comments))
  const here = await listKnownUsers(
    tx,
    comments.flatMap(({ author_id }) => author_id ?? [])
  )
  const counts = new Map(on.map(({ id, comment_count }) => [id, comment_count]))
  const result: ImportedComments = { created: 0, skipped: 0, rejected: 0 }
  const rows: CommentRow[] = []
  const changes: ListChange[] = []
  for (const comment of comments) {
    const found = taskIdsOf(comment).flatMap((id) => tasks.get(id) ?? [])[0]
    const task = found?.task
    const count = counts.get(task?.id ?? '') ?? 0
    if (task && known.has(comment.id)) {
      result.skipped++
    } else if (
      !task ||
      !found.isOpen ||
      count >= MAX_COMMENTS ||
      storage.findRefusal(task.owner_id)
    ) {
      result.rejected++
    } else {
      known.add(comment.id)
      counts.set(task.id, count + 1)
      const body = textFor(caller.id, comment, here)
      const visible = (ids: string[]) => listVisibleAmong({ db: tx, config }, caller, ids)
      const mentions = body.includes('@') ? await mentionsIn(tx, task, body, visible) : []
      changes.push(...commentChanges('comment.created', task, { id: comment.id, version: 1 }))
      rows.push(rowOf(ctx, task, { ...comment, body }, mentions))
    }
  }
  if (rows.length > 0) {
    await insertComments(tx, rows)
    await countComments(tx, rows)
    await recordListChanges(tx, ctx, changes)
  }
  return { ...result, created: rows.length }
}

const taskIdsOf = ({ task_id, own_task_id = task_id }: ImportedComment): string[] => [
  task_id,
  own_task_id
]
const idsOf = (comments: ImportedComment[]): string[] => comments.map(({ id }) => id)

/**
 * Whoever could have imported the task: personal ones of others are not among them, nor those that the caller may
 * change as a manager only, unless they are in the project that the import is into.
 */
function mayChange(
  { caller }: RequestContext,
  { owner_id, project_id, member_role = null }: CommentedTask,
  into: string | null
): boolean {
  const role = project_id === into ? caller.role : 'user'
  const mayEdit = mayIn(roleIn({ id: caller.id, role }, { owner_id, member_role }), 'editTasks')
  return owner_id === caller.id || (project_id !== null && mayEdit)
}

function rowOf(
  { caller }: RequestContext,
  { owner_id, id: task_id }: CommentedTask,
  { id, body, created_at, edited_at }: ImportedComment,
  mentions: string[]
): CommentRow {
  return { owner_id, task_id, id, author_id: caller.id, body, mentions, created_at, edited_at }
}

/** Returns the text of a comment; that of somebody else begins with who that is. */
function textFor(
  callerId: string,
  { author_id, is_own, author = 'Somebody else', body }: ImportedComment,
  usersHere: ReadonlySet<string>
): string {
  const isByCaller = author_id === callerId || (is_own && !usersHere.has(author_id ?? ''))
  return isByCaller ? body : cut(`${author} wrote:\n\n${body}`)
}

/** Cuts a text to what a comment may have. */
const cut = (text: string): string =>
  [...text].length > MAX_BODY ? `${[...text].slice(0, MAX_BODY - 1).join('')}…` : text
