import type { RequestContext } from '../../core/context.ts'
import { invalidField } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { joinTransaction, type Tx } from '../../db/transaction.ts'
import { MAX_POSITION, positionIn } from '../../lib/position.ts'
import type { TaskList } from '../project-access/schema.ts'
import type { ProjectsById } from '../project-access/service.ts'
import type { Versions } from './apply-changes.ts'
import { assertMayMove, buildMove, type TaskChangeSet } from './changes.ts'
import { normalizeFields } from './fields.ts'
import { changeUnderLock } from './locked-change.ts'
import { moveApart } from './move-apart.ts'
import {
  findInList,
  findListOf,
  findSeen,
  listFrom,
  lockOrder,
  type Placed,
  type Side
} from './order.queries.ts'
import type { TaskMove } from './order.schema.ts'
import type { VisibleTask } from './queries.ts'
import type { Quota } from './quota.ts'
import type { Task, TaskUpdate } from './schema.ts'
import { lockStructure, type Structure } from './subtasks.ts'
import { lockTargets, placeIn } from './task-projects.ts'
import { treeOf } from './task-tree.ts'

/** A longer position makes its neighbours move apart, if that makes it shorter: none comes near the longest. */
const LONG = 120

/** A move whose locks are taken, apart from that of the task. */
interface Move {
  tx: Tx
  ctx: RequestContext
  projects: ProjectsById
  body: TaskMove
  /** The list whose order is locked. */
  lockedList: string | undefined
}

/** The tasks between which a task goes; null is an end of the list. */
export interface Neighbours {
  before: Placed | null
  after: Placed | null
}

/**
 * Puts a task between two others of its list or of another one, perhaps with another status. Moves within a list happen
 * one after the other, so that of two to the same place both succeed.
 */
export function moveTask(
  { db, quota }: { db: Db; quota: Quota },
  ctx: RequestContext,
  id: string,
  versions: Versions,
  body: TaskMove,
  tx?: Tx
): Promise<Task> {
  assertOnePlace(body)
  return joinTransaction(db, tx, async (tx) => {
    const current = await findListOf(tx, ctx.caller, id)
    const lockedList = targetOf(ctx, body, current)
    if (lockedList !== undefined) {
      await lockOrder(tx, lockedList)
    }
    const structure = await lockFor(tx, ctx, id, body, projectOf(current))
    const move = { tx, ctx, projects: structure.projects, body, lockedList }
    const build = (task: VisibleTask) => planMove(move, task)
    return changeUnderLock(tx, { quota }, ctx, structure, { id, versions, build })
  })
}

/** A task that may go to another list goes there with all that is below it. */
async function lockFor(
  tx: Tx,
  { caller }: RequestContext,
  id: string,
  { project_id }: TaskMove,
  current: string | null
): Promise<Structure> {
  return project_id === undefined
    ? { projects: await lockTargets(tx, caller, [current]), tree: treeOf([]) }
    : lockStructure(tx, caller, { ids: [id], targets: [project_id] })
}

function assertOnePlace({ after_id, before_id }: TaskMove): void {
  if ((after_id === undefined) === (before_id === undefined)) {
    const [pointer, code] = after_id === undefined ? ['', 'required'] : ['/before_id', 'invalid']
    const detail = 'Say where it goes by one of after_id and before_id; null is an end of the list.'
    throw invalidField('body', pointer, code, detail)
  }
}

const projectOf = (list: TaskList | undefined): string | null =>
  list === undefined || list.list_id === list.owner_id ? null : list.list_id

/** Returns the list into which a task goes that is in another one, or in none that there is. */
function targetOf(
  { caller }: RequestContext,
  { project_id }: TaskMove,
  current: TaskList | undefined
): string | undefined {
  if (project_id === undefined || (project_id === null && projectOf(current) === null)) {
    return current?.list_id
  }
  return project_id?.toLowerCase() ?? caller.id
}

/** Returns the change of a locked task that a move is; undefined when it is where it should be. */
async function planMove(move: Move, task: VisibleTask): Promise<TaskChangeSet | undefined> {
  const { tx, ctx, projects, lockedList } = move
  const { after_id, before_id, ...fields } = move.body
  assertMayMove(ctx.caller, task)
  const wanted: TaskUpdate = normalizeFields(fields)
  const isStaying = wanted.project_id === undefined || wanted.project_id === task.project_id
  const place = isStaying ? task : placeIn(projects, ctx.caller, wanted.project_id, '')
  const list = { list_id: place.project_id ?? place.owner_id, owner_id: place.owner_id }
  // Somebody may have moved it to another list before it was locked.
  if (list.list_id !== lockedList) {
    await lockOrder(tx, list.list_id)
  }
  const gap = await findGap(move, list, task)
  const isThere = isStaying && comesBefore(gap.before, task) && comesBefore(task, gap.after)
  const position = isThere ? undefined : await positionFor(move, list, task, gap)
  return buildMove(ctx.caller, task, wanted, position)
}

const comesBefore = (one: Placed | null, other: Placed | null): boolean =>
  one === null ||
  other === null ||
  one.position < other.position ||
  (one.position === other.position && one.id < other.id)

/** Returns the tasks between which a task goes: the one that is named, and the one next to it. */
async function findGap(move: Move, list: TaskList, task: Task): Promise<Neighbours> {
  const { after_id, before_id } = move.body
  const side: Side = after_id === undefined ? 'before' : 'after'
  const id = after_id ?? before_id ?? null
  const place = id === null ? null : await findNeighbour(move, list, task, id.toLowerCase())
  const [next = null] = await listFrom(move.tx, list, { place, side }, task.id, 1)
  return side === 'after' ? { before: place, after: next } : { before: next, after: place }
}

const fieldOf = ({ after_id }: TaskMove): string =>
  after_id === undefined ? 'before_id' : 'after_id'

/** Returns the task that a request names; throws when it is not one of the list. */
async function findNeighbour(
  { tx, ctx, body }: Move,
  list: TaskList,
  task: Task,
  id: string
): Promise<Placed> {
  const refusal = (code: string, detail: string) =>
    invalidField('body', `/${fieldOf(body)}`, code, `${fieldOf(body)} is ${detail}.`)
  if (id === task.id) {
    throw refusal('same_task', 'the task itself')
  }
  const neighbour = await findInList(tx, list, id)
  if (neighbour) {
    return neighbour
  }
  const seen = await findSeen(tx, ctx.caller, id)
  if (!seen) {
    throw refusal('unknown_task', 'not the id of a task that you can see')
  }
  throw seen.is_live
    ? refusal('other_list', 'a task of another list; project_id says into which list to move')
    : refusal('in_trash', 'a task in the trash')
}

/** Returns the position of a task in a gap, which is made wider where there is no room. */
async function positionFor(
  { tx, ctx, body }: Move,
  list: TaskList,
  task: Task,
  gap: Neighbours
): Promise<string> {
  const borders = { before: gap.before?.position ?? null, after: gap.after?.position ?? null }
  const position = positionIn(borders, task.id)
  if (position !== undefined && position.length <= LONG) {
    return position
  }
  const fits = position !== undefined && position.length <= MAX_POSITION
  const longest = fits ? LONG : MAX_POSITION
  const made = await moveApart(tx, ctx, list, { ...gap, id: task.id, longest })
  if (made !== undefined) {
    return made
  }
  if (fits) {
    return position
  }
  const detail = 'There is no room at this place. Move the task to another one.'
  throw invalidField('body', `/${fieldOf(body)}`, 'no_room', detail)
}
