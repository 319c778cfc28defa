/** A record by the ids that its task may have. */
interface Identified {
  id: string
  given_id?: string
  own_id?: string
}

/**
 * Separates records that may be the same task: the second finds what the first has made. A task may come under the id
 * that it has here and under the one that it had elsewhere.
 */
export function roundsOf<T extends Identified>(records: T[]): T[][] {
  const next = new Map<string, number>()
  const rounds: T[][] = []
  for (const record of records) {
    const { id, given_id = id, own_id = id } = record
    const round = Math.max(next.get(given_id) ?? 0, next.get(own_id) ?? 0)
    next.set(given_id, round + 1).set(own_id, round + 1)
    rounds[round] ??= []
    rounds[round].push(record)
  }
  return rounds
}
