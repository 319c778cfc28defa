import { sql } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import { horizon } from '../db/change-clock.ts'
import type { Db } from '../db/client.ts'
import { perDatabase } from '../db/per-database.ts'
import { executeRows } from '../db/rows.ts'
import type { Tx } from '../db/transaction.ts'

/** What is served from memory is what the database knew at most so long ago. */
const FRESH_MS = 1000
/** How long something stays in memory: so late it learns of a change by a version that does not record it. */
const MAX_AGE_MS = 10_000
/** After such a gap between two looks some changes may be purged, and everything is read anew. */
const MAX_GAP_MS = 60_000
const RETENTION_MINUTES = 5
const MAX_ENTRIES = 20_000
/** Of more users than this, it costs less to forget everybody. */
const MAX_USERS = 5000
const PURGE_CHUNK = 5000
const UUID_LENGTH = 36

export interface AccessCacheOptions<T> {
  /** Reads what a key stands for, which begins with the id of a user. */
  load: (key: string) => Promise<T>
  /** Returns the users besides that one whose changes concern it. */
  dependsOn?: (value: T) => string[]
  /** Returns for how many milliseconds it is right although nothing changes. */
  validMs?: (value: T) => number
}

/** Remembers what users may do, as the database knew it at most a second ago. */
export interface AccessCache<T> {
  /** Concurrent calls share one load. A failure is not remembered. */
  get: (key: string) => Promise<T>
}

interface Entry {
  loading: Promise<unknown>
  from: number
  until: number
  /** Undefined while it is being loaded. */
  dependsOn: string[] | undefined
}

/**
 * What the instances remember of users' access. Once a second at most, and only when something is asked for, an
 * instance looks whose access has changed: one statement, however many users it serves.
 */
export interface Access {
  cache: <T>(options: AccessCacheOptions<T>) => AccessCache<T>
  /** Says, in the transaction that changes it, that users may do or see something else from its commit on. */
  changed: (tx: Tx, userIds: string[]) => Promise<void>
}

/** Returns the access of the users of a database. */
export const accessOf = perDatabase(createAccess)

function createAccess(db: Db): Access {
  const caches: LRUCache<string, Entry>[] = []
  const forget = (userIds: string[]) => {
    const users = new Set(userIds)
    for (const cache of caches) {
      forgetIn(cache, users)
    }
  }
  const look = createLook(db, (userIds) => {
    if (userIds === 'all') {
      for (const cache of caches) {
        cache.clear()
      }
    } else if (userIds.length > 0) {
      forget(userIds)
    }
  })
  return {
    cache: (options) => {
      const entries = new LRUCache<string, Entry>({ max: MAX_ENTRIES })
      caches.push(entries)
      return { get: (key) => getFresh(entries, look, options, key) }
    },
    changed: async (tx, userIds) => {
      if (userIds.length > 0) {
        await insertChanges(tx, userIds)
        tx.afterCommit(() => forget(userIds))
      }
    }
  }
}

/** What is being loaded may depend on anybody. */
function forgetIn(entries: LRUCache<string, Entry>, users: ReadonlySet<string>): void {
  for (const [key, { dependsOn }] of entries.entries()) {
    const isTheirs = users.has(key.slice(0, UUID_LENGTH))
    if (isTheirs || dependsOn === undefined || dependsOn.some((id) => users.has(id))) {
      entries.delete(key)
    }
  }
}

function getFresh<T>(
  entries: LRUCache<string, Entry>,
  look: Look,
  options: AccessCacheOptions<T>,
  key: string
): Promise<T> {
  const entry = entries.get(key)
  const now = performance.now()
  if (entry === undefined || now >= entry.until) {
    return load(entries, options, key)
  }
  if (now - entry.from < FRESH_MS || look.isRecent(now)) {
    return entry.loading as Promise<T>
  }
  return look.again().then(() => {
    const kept = entries.get(key)
    return kept === undefined ? load(entries, options, key) : (kept.loading as Promise<T>)
  })
}

function load<T>(
  entries: LRUCache<string, Entry>,
  { load, dependsOn, validMs }: AccessCacheOptions<T>,
  key: string
): Promise<T> {
  const from = performance.now()
  const loading = load(key)
  const entry: Entry = { loading, from, until: from + FRESH_MS, dependsOn: undefined }
  entries.set(key, entry)
  loading.then(
    (value) => {
      entry.dependsOn = dependsOn?.(value) ?? []
      entry.until = from + Math.min(MAX_AGE_MS, validMs?.(value) ?? MAX_AGE_MS)
    },
    () => {
      if (entries.peek(key) === entry) {
        entries.delete(key)
      }
    }
  )
  return loading
}

interface Look {
  /** Tells whether what is in memory now was right within the last second. */
  isRecent: (now: number) => boolean
  /** Looks for changes; concurrent calls share one look. */
  again: () => Promise<void>
}

/**
 * Looks for changes from where no earlier look can have seen them: that of a transaction that commits late is found as
 * well. The first look, and one after a long gap, forgets all: what came before it is not known.
 */
function createLook(db: Db, forget: (userIds: string[] | 'all') => void): Look {
  let position: string | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined
  const look = async () => {
    const now = performance.now()
    const from = now - lookedAt < MAX_GAP_MS ? position : undefined
    const found = await readChanges(db, from)
    forget(from === undefined || found.userIds.length > MAX_USERS ? 'all' : found.userIds)
    position = found.horizon
    lookedAt = now
  }
  return {
    isRecent: (now) => now - lookedAt < FRESH_MS,
    again: () => {
      looking ??= look().finally(() => {
        looking = undefined
      })
      return looking
    }
  }
}

async function readChanges(
  db: Db,
  from: string | undefined
): Promise<{ horizon: string; userIds: string[] }> {
  const changed = sql`
    (
      SELECT string_agg(user_id::text, ',')
      FROM (
        SELECT DISTINCT user_id
        FROM access_changes
        WHERE position >= ${from}::bigint
        LIMIT ${MAX_USERS + 1}
      ) AS changed
    )`
  const [found] = await executeRows<{ horizon: string; users: string | null }>(
    db,
    sql`SELECT (${horizon})::text AS horizon, ${from === undefined ? sql`NULL` : changed} AS users`
  )
  return { horizon: found?.horizon ?? '0', userIds: found?.users?.split(',') ?? [] }
}

async function insertChanges(tx: Tx, userIds: string[]): Promise<void> {
  const ids = `{${userIds.join()}}`
  await tx.execute(sql`
    INSERT INTO access_changes (user_id)
    SELECT DISTINCT id FROM unnest(${ids}::uuid[]) AS changed (id)
    ON CONFLICT DO NOTHING`)
}

/** Deletes a chunk of the changes that every instance has seen: of before any transaction that still runs. */
export async function purgeAccessChanges(db: Db): Promise<{ done: number; more: boolean }> {
  const deleted = await executeRows(
    db,
    sql`
      DELETE FROM access_changes
      WHERE (position, user_id) IN (
        SELECT position, user_id
        FROM access_changes
        WHERE created_at < now() - make_interval(mins => ${RETENTION_MINUTES})
        LIMIT ${PURGE_CHUNK}
      )
      RETURNING 1 AS one`
  )
  return { done: deleted.length, more: deleted.length === PURGE_CHUNK }
}
