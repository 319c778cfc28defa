/** Entries that wait for their turn: those of different kinds take turns, and within a kind the order is kept. */
export interface FairQueue<T> {
  size(): number
  add(kind: string, entry: T): void
  remove(kind: string, entry: T): void
  /** Takes the first entry of the kind whose turn it is. */
  takeNext(): T | undefined
  /** Returns who makes room for one more entry of a kind: the last of the largest kind, if it has more even then. */
  findSurplus(kind: string): T | undefined
}

export function createFairQueue<T>(): FairQueue<T> {
  /** The kinds that have entries, the next one first. */
  const kinds = new Map<string, Set<T>>()

  return {
    size: () => [...kinds.values()].reduce((sum, entries) => sum + entries.size, 0),

    add(kind, entry) {
      kinds.set(kind, (kinds.get(kind) ?? new Set()).add(entry))
    },

    remove(kind, entry) {
      const entries = kinds.get(kind)
      if (entries?.delete(entry) && entries.size === 0) {
        kinds.delete(kind)
      }
    },

    takeNext() {
      const [kind = '', entries = new Set<T>()] = [...kinds][0] ?? []
      const [entry] = entries
      kinds.delete(kind)
      if (entry !== undefined && entries.delete(entry) && entries.size > 0) {
        kinds.set(kind, entries)
      }
      return entry
    },

    findSurplus(kind) {
      const sizeWithOneMore = (kinds.get(kind)?.size ?? 0) + 1
      const [largest] = [...kinds.values()].sort((a, b) => b.size - a.size)
      return largest && largest.size > sizeWithOneMore ? [...largest].at(-1) : undefined
    }
  }
}
