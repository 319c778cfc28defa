/** What a call on a shared task was told, with when it began and ended. A call whose end nobody knows may have had its effect or not, at any time. */
export interface Told {
  task: string
  kind: 'read' | 'write'
  startedAt: number
  endedAt: number
  /** Undefined when it was not told: the outcome is unknown. */
  version: number | undefined
  /** What the task said then; for a write, what it was to say from then on. */
  text: string
  /** For a write on condition: the version that it wanted to change. */
  wanted?: number | undefined
}

/** A line of a task's history as the database has it. */
export interface Kept {
  task: string
  version: number
  text: string | null
}

/**
 * Says where a history could not have happened on one machine, one thing after the other: two writes that made the same
 * version, a write on condition that skipped another's, a read of what nobody wrote, a call that saw less than what
 * somebody had been told before it began, and a history in the database with gaps or with others' words.
 */
export function breaches(told: Told[], kept: Kept[]): string[] {
  const found: string[] = []
  const tasks = Map.groupBy(told, ({ task }) => task)
  const histories = Map.groupBy(kept, ({ task }) => task)
  for (const [task, calls] of tasks) {
    found.push(
      ...ofTask(
        calls,
        (histories.get(task) ?? []).toSorted((a, b) => a.version - b.version)
      ).map((what) => `${task}: ${what}`)
    )
  }
  return found
}

function ofTask(calls: Told[], history: Kept[]): string[] {
  const found: string[] = []
  for (const [i, { version }] of history.entries()) {
    if (version !== i + 1) {
      found.push(`the history has version ${version} in place of ${i + 1}`)
      break
    }
  }
  const texts = new Map(history.map(({ version, text }) => [version, text]))
  const writers = new Map<number, Told>()
  for (const call of calls) {
    if (call.version === undefined) {
      continue
    }
    if (texts.get(call.version) !== call.text) {
      found.push(
        `${call.kind} was told «${call.text}» as version ${call.version}, the history has «${texts.get(call.version)}»`
      )
    }
    if (call.kind === 'read') {
      continue
    }
    if (call.wanted !== undefined && call.version !== call.wanted + 1) {
      found.push(
        `a write on condition of version ${call.wanted} made ${call.version}: an update between them was lost`
      )
    }
    if (writers.has(call.version)) {
      found.push(`two writes were told that they made version ${call.version}`)
    }
    writers.set(call.version, call)
  }
  const written = new Set(calls.filter(({ kind }) => kind === 'write').map(({ text }) => text))
  for (const { version, text } of history) {
    if (!written.has(text as string)) {
      found.push(`version ${version} says «${text}», which nobody wrote`)
    }
  }
  return [...found, ...outOfOrder(calls)]
}

/** Calls that began after another had ended and yet saw an older version. */
function outOfOrder(calls: Told[]): string[] {
  const known = calls.filter(({ version }) => version !== undefined) as (Told & {
    version: number
  })[]
  const ends = known.toSorted((a, b) => a.endedAt - b.endedAt)
  const found: string[] = []
  let next = 0
  let newest = 0
  for (const call of known.toSorted((a, b) => a.startedAt - b.startedAt)) {
    for (
      let end = ends[next];
      end !== undefined && end.endedAt < call.startedAt;
      end = ends[++next]
    ) {
      newest = Math.max(newest, end.version)
    }
    if (call.kind === 'read' ? call.version < newest : call.version <= newest) {
      found.push(
        `a ${call.kind} saw version ${call.version} after somebody had been told ${newest}`
      )
    }
  }
  return found
}
