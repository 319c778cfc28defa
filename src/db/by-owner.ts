/**
 * Runs work for the rows of each owner, one after the other in the order of owners, and returns all that it returns.
 * A statement that changes or locks rows is about one owner: those of several may be on several servers.
 */
export async function eachOwner<T extends { owner_id: string }, R>(
  rows: T[],
  work: (ownerId: string, own: T[]) => Promise<R[]>
): Promise<R[]> {
  const results: R[][] = []
  const owned = [...Map.groupBy(rows, ({ owner_id }) => owner_id)]
  for (const [ownerId, own] of owned.sort(([a], [b]) => (a < b ? -1 : 1))) {
    results.push(await work(ownerId, own))
  }
  return results.flat()
}

/** Returns the rows of the first `most` owners: what takes statements for each is not done for too many at once. */
export function ofFewOwners<T extends { owner_id: string }>(rows: T[], most: number): T[] {
  const owners = new Set([...new Set(rows.map(({ owner_id }) => owner_id))].slice(0, most))
  return rows.filter(({ owner_id }) => owners.has(owner_id))
}
