/** A call on a shared task. If its outcome is unknown, it may have had its effect at any time, or none. */
export interface RecordedCall {
  task: string
  kind: 'read' | 'write'
  startedAt: number
  endedAt: number
  /** The version that the response reported; undefined when the outcome is unknown. */
  version: number | undefined
  /** The task's text that was read or written. */
  text: string
  /** The version that a conditional write expected. */
  expectedVersion?: number | undefined
}
type CompletedCall = RecordedCall & { version: number }

/** One version of a task, as the database has it. */
export interface StoredVersion {
  task: string
  version: number
  text: string | null
}

/**
 * Finds where calls contradict linearizability or the stored history: two writes that created one version, a
 * conditional write that skipped another one, a read of a text that no call wrote, a call that saw less than another
 * had returned before it began, and a stored history with gaps or with texts of unknown origin.
 */
export function findViolations(calls: RecordedCall[], stored: StoredVersion[]): string[] {
  const histories = Map.groupBy(stored, ({ task }) => task)
  return [...Map.groupBy(calls, ({ task }) => task)].flatMap(([task, callsOfTask]) => {
    const history = (histories.get(task) ?? []).toSorted((a, b) => a.version - b.version)
    return checkTask(callsOfTask, history).map((violation) => `${task}: ${violation}`)
  })
}

function checkTask(calls: RecordedCall[], history: StoredVersion[]): string[] {
  const completed = calls.filter((call): call is CompletedCall => call.version !== undefined)
  return [
    ...checkNumbering(history),
    ...checkTexts(completed, history),
    ...checkWrites(completed),
    ...checkAuthors(calls, history),
    ...checkOrder(completed)
  ]
}

/** Checks that the stored versions are 1, 2, 3, … */
function checkNumbering(history: StoredVersion[]): string[] {
  const gap = history.findIndex(({ version }, i) => version !== i + 1)
  return gap < 0 ? [] : [`the history has version ${history[gap]?.version} in place of ${gap + 1}`]
}

/** Checks that each call returned what the history has for its version. */
function checkTexts(calls: CompletedCall[], history: StoredVersion[]): string[] {
  const texts = new Map(history.map(({ version, text }) => [version, text]))
  return calls
    .filter(({ version, text }) => texts.get(version) !== text)
    .map(
      ({ kind, version, text }) =>
        `a ${kind} returned "${text}" as version ${version}, the history has "${texts.get(version)}"`
    )
}

/** Checks that each write created a version of its own, and the one after the version that it expected. */
function checkWrites(calls: CompletedCall[]): string[] {
  const violations: string[] = []
  const created = new Set<number>()
  for (const { version, expectedVersion } of calls.filter(({ kind }) => kind === 'write')) {
    if (expectedVersion !== undefined && version !== expectedVersion + 1) {
      violations.push(
        `a conditional write to version ${expectedVersion} created ${version}: an update was lost`
      )
    }
    if (created.has(version)) {
      violations.push(`two writes created version ${version}`)
    }
    created.add(version)
  }
  return violations
}

/** Checks that a call wrote each stored text. */
function checkAuthors(calls: RecordedCall[], history: StoredVersion[]): string[] {
  const written = new Set<string | null>(
    calls.filter(({ kind }) => kind === 'write').map(({ text }) => text)
  )
  return history
    .filter(({ text }) => !written.has(text))
    .map(({ version, text }) => `version ${version} has "${text}", which no call wrote`)
}

/** Finds calls that began after another one had ended and still saw an older version. */
function checkOrder(calls: CompletedCall[]): string[] {
  const ends = calls.toSorted((a, b) => a.endedAt - b.endedAt)
  const violations: string[] = []
  let next = 0
  let newest = 0
  for (const call of calls.toSorted((a, b) => a.startedAt - b.startedAt)) {
    for (
      let end = ends[next];
      end !== undefined && end.endedAt < call.startedAt;
      end = ends[++next]
    ) {
      newest = Math.max(newest, end.version)
    }
    const isStale = call.kind === 'read' ? call.version < newest : call.version <= newest
    if (isStale) {
      violations.push(
        `a ${call.kind} saw version ${call.version} after another call had returned ${newest}`
      )
    }
  }
  return violations
}
