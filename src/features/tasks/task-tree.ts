import { invalidField, type Problem } from '../../core/problem.ts'
import type { Task } from './schema.ts'
import type { TaskNode } from './subtasks.queries.ts'

const MAX_LEVELS = 3
const MAX_SUBTASKS = 200
/** Live tasks below one at the top level: as many as can be moved, deleted and restored with it in one transaction. */
export const MAX_BELOW = 1000

/** Which live tasks are below which. A task that is not among them stands alone at the top level. */
export interface TaskTree {
  subtasksOf: (id: string) => TaskNode[]
  /** All that is below a task, on any level. */
  below: (id: string) => TaskNode[]
  /** The task at the top level that a task is below of, or is. */
  rootOf: (id: string) => string
  /** The task that a task is directly below of. */
  parentOf: (id: string) => TaskNode | undefined
  /** 1 at the top level. */
  levelOf: (id: string) => number
  /** How many levels a task has with those below it. */
  heightOf: (id: string) => number
  /** The same tree with more tasks. */
  with: (more: TaskNode[]) => TaskTree
  /** Adds a task to this tree, or puts one that it has elsewhere, with all below it. */
  put: (node: TaskNode) => void
}

/** Builds the tree of tasks that were read as whole trees. */
export function treeOf(nodes: TaskNode[]): TaskTree {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const byParent = Map.groupBy([...byId.values()], ({ parent_id }) => parent_id)
  const subtasksOf = (id: string): TaskNode[] => byParent.get(id) ?? []
  const parentOf = (id: string): TaskNode | undefined => byId.get(byId.get(id)?.parent_id ?? '')
  const below = (id: string): TaskNode[] =>
    subtasksOf(id).flatMap((subtask) => [subtask, ...below(subtask.id)])
  const path = (id: string): string[] => {
    const parent = parentOf(id)
    return parent ? [...path(parent.id), id] : [id]
  }
  return {
    subtasksOf,
    below,
    rootOf: (id) => path(id)[0] as string,
    parentOf,
    levelOf: (id) => path(id).length,
    heightOf: function heightOf(id): number {
      return 1 + Math.max(0, ...subtasksOf(id).map((subtask) => heightOf(subtask.id)))
    },
    with: (more) => treeOf([...byId.values(), ...more]),
    put(node) {
      const before = byId.get(node.id)?.parent_id ?? null
      const others = (byParent.get(before) ?? []).filter(({ id }) => id !== node.id)
      byParent.set(before, others)
      byParent.set(node.parent_id, [...(byParent.get(node.parent_id) ?? []), node])
      byId.set(node.id, node)
    }
  }
}

/** What decides whether a task may be below another one. */
type Member = Pick<Task, 'owner_id' | 'id' | 'project_id'>
type Parent = Member & Pick<Task, 'deleted_at'>

/**
 * Throws when a task, with all below it, may not be put below `parent`, which is undefined where nobody sees it;
 * `pointer` says where the fields of the task stand in the body.
 */
export function assertParent(
  tree: TaskTree,
  task: Member,
  parent: Parent | undefined,
  pointer = ''
): void {
  const fault = faultOfParent(tree, task, parent, pointer)
  if (fault) {
    throw fault
  }
}

/** Returns why a task may not be put below `parent`; undefined when it may. */
export function faultOfParent(
  tree: TaskTree,
  task: Member,
  parent: Parent | undefined,
  pointer = ''
): Problem | undefined {
  if (!parent || parent.deleted_at !== null) {
    return unknownParent(pointer)
  }
  const wrongParent = (code: string, detail: string) => refusal(pointer, code, detail)
  if (parent.id === task.id || tree.below(task.id).some(({ id }) => id === parent.id)) {
    return wrongParent('cycle', 'A task cannot be a subtask of itself, nor of one below it.')
  }
  if (parent.owner_id !== task.owner_id || parent.project_id !== task.project_id) {
    return wrongParent(
      'other_list',
      'A subtask is in the project of its parent, or personal like it: give both the same project_id.'
    )
  }
  const fault = faultOfRoom(tree, task.id, parent.id)
  return fault && wrongParent(...fault)
}

type Fault = [code: string, detail: string]

function faultOfRoom(tree: TaskTree, id: string, parentId: string): Fault | undefined {
  if (tree.levelOf(parentId) + tree.heightOf(id) > MAX_LEVELS) {
    return ['too_deep', `Subtasks go ${MAX_LEVELS} levels deep, the top one included.`]
  }
  if (tree.subtasksOf(parentId).filter((subtask) => subtask.id !== id).length >= MAX_SUBTASKS) {
    return ['too_many_subtasks', `A task has up to ${MAX_SUBTASKS} subtasks.`]
  }
  const root = tree.rootOf(parentId)
  const added = tree.rootOf(id) === root ? 0 : 1 + tree.below(id).length
  return tree.below(root).length + added > MAX_BELOW
    ? ['too_many_subtasks', `Up to ${MAX_BELOW} tasks are below one at the top level.`]
    : undefined
}

const refusal = (pointer: string, code: string, detail: string): Problem =>
  invalidField('body', `${pointer}/parent_id`, code, detail)

export const unknownParent = (pointer = ''): Problem =>
  refusal(pointer, 'unknown_parent', 'parent_id is not the id of a task that you can see.')
