import type { RequestContext } from '../../core/context.ts'
import type { Tx } from '../../db/transaction.ts'
import { positionsIn } from '../../lib/position.ts'
import type { TaskList } from '../project-access/schema.ts'
import { recordTaskEvents } from './events.queries.ts'
import { listFrom, type Placed, type Side, setPositions } from './order.queries.ts'

/** How many neighbours on either side move. */
const NEIGHBOURS = 50

/** Between what a task goes, and the longest position that it and its neighbours may get. */
interface Tightness {
  id: string
  before: Placed | null
  after: Placed | null
  longest: number
}

/**
 * Moves the neighbours of a task apart, each as a change of its own, and returns its position between them; undefined
 * when some would be too long, and then nothing has moved. The caller has locked the order of the list.
 */
export async function moveApart(
  tx: Tx,
  ctx: RequestContext,
  list: TaskList,
  { id, longest, ...gap }: Tightness
): Promise<string | undefined> {
  const sideOf = async (side: Side, place: Placed | null): Promise<Placed[]> =>
    place === null ? [] : [place, ...(await listFrom(tx, list, { place, side }, id, NEIGHBOURS))]
  const before = await sideOf('before', gap.before)
  const after = await sideOf('after', gap.after)
  // The last on each side stay where they are.
  const borders = {
    before: before[NEIGHBOURS]?.position ?? null,
    after: after[NEIGHBOURS]?.position ?? null
  }
  const left = before.slice(0, NEIGHBOURS).reverse()
  const right = after.slice(0, NEIGHBOURS)
  const positions = positionsIn(borders, left.length + 1 + right.length)
  if (!positions || positions.some(({ length }) => length > longest)) {
    return undefined
  }
  const [own] = positions.splice(left.length, 1)
  await place(tx, ctx, list, [...left, ...right], positions)
  return own
}

/** Gives tasks the positions that they do not have, and records it. */
async function place(
  tx: Tx,
  ctx: RequestContext,
  list: TaskList,
  tasks: Placed[],
  positions: string[]
): Promise<void> {
  const old = new Map(tasks.map(({ id, position }) => [id, position]))
  const moved = tasks
    .map(({ id }, i) => ({ id, position: positions[i] as string }))
    .filter(({ id, position }) => position !== old.get(id))
  const changed = await setPositions(tx, list, moved)
  await recordTaskEvents(
    tx,
    ctx,
    changed.map((task) => ({
      task,
      type: 'task.moved',
      changes: { position: { old: old.get(task.id), new: task.position } }
    }))
  )
}
