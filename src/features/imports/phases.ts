import type { ImportedComment } from '../comments/service.ts'
import type { TaskLink } from '../tasks/service.ts'
import type { Obstacle } from './family.ts'

/**
 * Blocks are processed in the order of their numbers: first the projects of the file, then its rows from 0 on, then
 * which tasks are below which, as it was found while the file was read and while its rows were processed, then the
 * comments, and last what can only be done when all the rest is there.
 */
export const FIRST_PROJECT_BLOCK = -1_000_000_000
export const FIRST_LINK_BLOCK = 1_000_000_000
export const FIRST_LATER_LINK_BLOCK = 1_200_000_000
export const FIRST_COMMENT_BLOCK = 1_500_000_000
export const FIRST_CLOSING_BLOCK = 2_000_000_000
/** Projects in one block: each takes statements of its own. */
export const BLOCK_PROJECTS = 50
export const BLOCK_COMMENTS = 200

/** A project of the file. */
export interface ProjectRecord {
  id: string
  name: string
  description: string | null
  color: string | null
  archived: boolean
  created_at?: string
}

/** A comment of the file. */
export type CommentRecord = ImportedComment

/** A task that is put below another one when all rows have become tasks. */
export interface LinkRecord extends TaskLink {
  row: number
  /** What the row calls its parent, if it has one. */
  name?: string
  /** Why the row that is the parent cannot be. */
  obstacle?: Obstacle
  /** Whether the row counts as skipped until then. */
  isSkipped?: boolean
}
