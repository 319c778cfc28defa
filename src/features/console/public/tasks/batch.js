import { call } from '../lib/api.js'
import { newIdempotencyKey } from '../lib/idempotency.js'
import { isAborted } from '../lib/problem.js'
import { remember, stepBack } from '../lib/undo.js'
import { toast, toastProblem } from '../ui/toast.js'
import { isSameValue, withDue } from './fields.js'

/**
 * Changes tasks by one batch, each only as it was seen: `changeOf(task)` returns its change, or nothing where there is
 * none; without `changeOf` they are deleted. Says how many are `what` then, with an undo for all of them. Resolves to
 * the outcome of each by id: its `task`, `isGone`, or the `problem` in words; undefined when nothing was tried.
 */
export async function runBatch(tasks, changeOf, what) {
  const changes = tasks
    .map((task) => ({ task, data: changeOf ? changeOf(task) || undefined : undefined }))
    .filter(({ task, data }) => !changeOf || (data && !hasAlready(task, data)))
  if (changes.length === 0) {
    toast('There was nothing to change.')
    return new Map(tasks.map((task) => [task.id, {}]))
  }
  const operations = changes.map(({ task: { id, version }, data }) => ({
    op: data ? 'update' : 'delete',
    id,
    if_version: version,
    ...(data && { data })
  }))
  try {
    const body = { atomic: false, operations }
    const idempotencyKey = newIdempotencyKey()
    const { results } = await call('POST', '/task-batches', { body, idempotencyKey })
    return report(tasks, { changes, results, what })
  } catch (error) {
    if (!isAborted(error)) {
      toastProblem('Nothing was changed.', error)
    }
    return undefined
  }
}

const hasAlready = (task, data) =>
  Object.entries(data).every(([field, value]) => isSameValue(field, value, withDue(task)[field]))

function report(tasks, { changes, results, what }) {
  const outcomes = new Map(tasks.map((task) => [task.id, {}]))
  const steps = []
  for (const [i, { task, data }] of changes.entries()) {
    const { status, version, task: next, problem } = results[i]
    if (problem || status >= 400) {
      outcomes.set(task.id, { problem: reasonOf(problem) })
    } else if (data) {
      outcomes.set(task.id, { task: next })
      steps.push(stepBack(withDue(task), { version }, data))
    } else {
      outcomes.set(task.id, { isGone: true })
      steps.push({ op: 'restore', id: task.id, from: task.version })
    }
  }
  tell({ steps, failed: changes.length - steps.length, what })
  return outcomes
}

function tell({ steps, failed, what }) {
  const done = `${count(steps.length)} ${steps.length === 1 ? 'is' : 'are'} ${what}`
  const undo = steps.length > 0 ? remember({ label: done, steps }) : undefined
  if (failed === 0) {
    toast(`${done}.`, { undo })
  } else {
    const rest = `${count(failed)} could not be changed and ${failed === 1 ? 'stays' : 'stay'} selected`
    toast(steps.length > 0 ? `${done}. ${rest}.` : `${rest}.`, { undo })
  }
}

const count = (number) => `${number} ${number === 1 ? 'task' : 'tasks'}`

const reasonOf = ({ code, detail, title, errors = [] } = {}) =>
  code === 'stale_version'
    ? 'Changed elsewhere in the meantime. Look at it, and try again.'
    : (errors[0]?.detail ?? detail ?? title ?? 'This was refused.')
