import { call } from './api.js'
import { newIdempotencyKey } from './idempotency.js'
import { missedChanges } from './live.js'
import { isAborted } from './problem.js'

const MAX_ENTRIES = 10
const MAX_PARALLEL = 4

/** The last changes that were made here, the newest at the end. */
let entries = []
const listeners = new Set()

/**
 * Calls the listener with the tasks that were just taken back, as they are again: until a list is loaded again it would
 * go on with outdated versions. Returns how to stop it.
 */
export function onTakenBack(listener) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/**
 * Remembers a change, so that it can be undone: by `undo()`, or by `steps` about tasks, each `{ id, op, data, from,
 * version }` with the operation that takes it back, the version before the change and the one after it. `label` says
 * what was changed, and `onUndone(tasks)` gets the tasks as they are again.
 */
export function remember(entry) {
  entries = [...entries, entry].slice(-MAX_ENTRIES)
  return entry
}

/** Returns the newest change that can be undone. */
export const newestChange = () => entries.at(-1)

/** Forgets all changes, which are not for the next user. */
export const forgetChanges = () => {
  entries = []
}

/**
 * Takes a change back, if nobody changed the same since. Resolves to false where it was taken back before. Throws what
 * the server says where it refuses; nothing is changed then.
 */
export async function takeBack(entry) {
  if (!entries.includes(entry)) {
    return false
  }
  entries = entries.filter((one) => one !== entry)
  try {
    await (entry.steps ? runSteps(entry) : entry.undo())
  } catch (error) {
    // What was not tried, or not answered, can be tried again; where the session has ended it is not for the next user.
    if (!isAborted(error) && error.status !== 412 && error.status !== 404) {
      remember(entry)
    }
    throw error
  }
  missedChanges()
  return true
}

async function runSteps({ steps, onUndone = () => {} }) {
  const restored = await restoreAll(steps.filter(({ op }) => op === 'restore'))
  const changed = await changeAll(steps.filter(({ op }) => op !== 'restore'))
  for (const { step, version } of [...restored, ...changed]) {
    rebase(step, version)
  }
  const tasks = [...restored, ...changed].map(({ task }) => task).filter(Boolean)
  for (const listener of [...listeners, onUndone]) {
    listener(tasks)
  }
}

/** Earlier changes left the version that this one began with; now the same state has another version. */
function rebase({ id, from }, version) {
  for (const step of entries.flatMap(({ steps = [] }) => steps)) {
    if (step.id === id && step.version === from) {
      step.version = version
    }
  }
}

async function changeAll(steps) {
  if (steps.length === 0) {
    return []
  }
  const operations = steps.map(({ op, id, version, data }) => ({
    op,
    id,
    if_version: version,
    ...(data && { data })
  }))
  const body = { operations }
  const idempotencyKey = newIdempotencyKey()
  const { results } = await call('POST', '/task-batches', { body, idempotencyKey })
  return results.map(({ version, task }, i) => ({ step: steps[i], version, task }))
}

async function restoreAll(steps) {
  const restored = []
  for (let at = 0; at < steps.length; at += MAX_PARALLEL) {
    restored.push(...(await Promise.all(steps.slice(at, at + MAX_PARALLEL).map(restore))))
  }
  return restored.filter(Boolean)
}

/** A subtask may be back already, with the task that it is below. */
async function restore(step, _index, all) {
  try {
    const task = await call('POST', `/tasks/${step.id}/restore`, { retry: true })
    return { step, task, version: task.version }
  } catch (error) {
    if (error.status === 404 && all.length > 1) {
      return undefined
    }
    throw error
  }
}

/** Returns the step that gives a task its old values again. */
export const stepBack = (before, after, change) => ({
  op: 'update',
  id: before.id,
  from: before.version,
  version: after.version,
  data: oldValues(before, change)
})

/** A task that leaves its project leaves the one that it is below as well. */
function oldValues(before, change) {
  const fields = Object.keys(change)
  const names = fields.includes('project_id') ? [...new Set([...fields, 'parent_id'])] : fields
  return Object.fromEntries(names.map((name) => [name, before[name]]))
}
