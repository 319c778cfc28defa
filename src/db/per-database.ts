import type { Db } from './client.ts'

/** Returns a function that gives what is made once for each open database, the same to all who ask. */
export function perDatabase<T extends object>(create: (db: Db) => T): (db: Db) => T {
  const made = new WeakMap<Db, T>()
  return (db) => {
    const found = made.get(db) ?? create(db)
    made.set(db, found)
    return found
  }
}
