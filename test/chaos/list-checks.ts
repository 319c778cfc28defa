/** What a list shows of a task, as far as its order depends on it. */
export interface ListEntry {
  id: string
  created_at: string
}

/** A broken guarantee of lists, with an example. */
export type ListViolation = [guarantee: string, example: string]

/** Whether two neighbours contradict the default order: newest first, ties by id. */
function isOutOfOrder(previous: ListEntry, next: ListEntry): boolean {
  return (
    previous.created_at < next.created_at ||
    (previous.created_at === next.created_at && previous.id < next.id)
  )
}

/** Finds tasks that a complete list shows twice or out of order. */
export function checkList(entries: ListEntry[]): ListViolation[] {
  const violations: ListViolation[] = []
  const seen = new Set<string>()
  let previous: ListEntry | undefined
  for (const entry of entries) {
    if (seen.has(entry.id)) {
      violations.push(['a list shows a task once', entry.id])
    }
    if (previous && isOutOfOrder(previous, entry)) {
      violations.push(['a list is in order', `${previous.id} before ${entry.id}`])
    }
    seen.add(entry.id)
    previous = entry
  }
  return violations
}
