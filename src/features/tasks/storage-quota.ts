import type { Config } from '../../config.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { perDatabase } from '../../db/per-database.ts'
import type { TaskChangeSet } from './changes.ts'
import {
  leaseDue,
  listLarge,
  markWritten,
  measureChunk,
  saveBytes,
  saveProgress
} from './storage.queries.ts'

export type StorageLimits = Pick<Config, 'MAX_STORAGE_MB_PER_USER' | 'TRASH_RETENTION_DAYS'>

const MB = 1_048_576
/** What takes little goes on for so much more, and then ends as well: also little things add up. */
const LEEWAY = 1.1
/** Accounts that one statement notes as written to. */
const MARK_CHUNK = 1000
/** How long a run takes: a server that stops waits for it. */
const RUN_MS = 1000

/** Fields of any length: their changes are kept twice in the history. */
const LONG_FIELDS = ['title', 'description', 'tags']

/** What this process knows: which accounts have too much, as of the last run, and which were written to since. */
interface Known {
  large: ReadonlyMap<string, number>
  written: Set<string>
}
const knownOf = perDatabase((): Known => ({ large: new Map(), written: new Set() }))

/** Says who may store more. It only looks into memory, so that writes cost the same with a quota. */
export interface StorageQuota {
  /** Returns why nothing may be added to an account; undefined when it may. Its size will be measured anew. */
  findRefusal: (ownerId: string) => Problem | undefined
  /** Throws when nothing may be added to an account. */
  assertStorage: (ownerId: string) => void
  /** Throws when something that takes little may not be added to it. */
  assertStorageForLittle: (ownerId: string) => void
  /** Throws when the owner of a task may not store what a change leaves. Deleting is always possible. */
  assertStorageFor: (changeSet: TaskChangeSet) => void
  /** Lets accounts be measured of which something has been removed. */
  noteRemoval: (ownerIds: string[]) => void
}

export function storageQuotaOf(db: Db, config: StorageLimits): StorageQuota {
  const known = knownOf(db)
  const limit = config.MAX_STORAGE_MB_PER_USER * MB
  const note = (ownerId: string) => limit > 0 && known.written.add(ownerId)
  const refuse = (ownerId: string, most: number): Problem | undefined => {
    note(ownerId)
    const isOver = limit > 0 && (known.large.get(ownerId) ?? 0) >= most
    return isOver ? storageExceeded(config) : undefined
  }
  const assertBelow = (ownerId: string, most: number): void => {
    const refusal = refuse(ownerId, most)
    if (refusal) {
      throw refusal
    }
  }
  return {
    findRefusal: (ownerId) => refuse(ownerId, limit),
    assertStorage: (ownerId) => assertBelow(ownerId, limit),
    assertStorageForLittle: (ownerId) => assertBelow(ownerId, limit * LEEWAY),
    assertStorageFor: ({ change, changes, type }) => {
      const isLong =
        change.new_owner_id !== undefined || LONG_FIELDS.some((field) => field in changes)
      note(change.owner_id)
      if (type !== 'task.deleted') {
        assertBelow(change.new_owner_id ?? change.owner_id, isLong ? limit : limit * LEEWAY)
      }
    },
    noteRemoval: (ownerIds) => ownerIds.forEach(note)
  }
}

const storageExceeded = ({ MAX_STORAGE_MB_PER_USER, TRASH_RETENTION_DAYS }: StorageLimits) =>
  new Problem('quota_exceeded', {
    detail:
      `An account may store ${MAX_STORAGE_MB_PER_USER} MB, its projects, history and trash included. ` +
      `Delete tasks: they count until they leave the trash, after ${TRASH_RETENTION_DAYS} days.`
  })

/** How many accounts have more than they may, as this process knows. */
export const countOverStorage = (db: Db): number => knownOf(db).large.size

/**
 * Measures accounts that any process has written to, for about a second: chunk by chunk, so that nobody waits for it,
 * and each account by one process. Then reads which have too much. A large account is measured in several runs.
 */
export async function measureStorage(
  db: Db,
  { MAX_STORAGE_MB_PER_USER }: StorageLimits
): Promise<{ done: number; more: boolean }> {
  const known = knownOf(db)
  await saveWritten(db, known.written)
  const result = await measureDue(db, performance.now() + RUN_MS)
  known.large = new Map(await listLarge(db, MAX_STORAGE_MB_PER_USER * MB))
  return result
}

async function saveWritten(db: Db, written: Set<string>): Promise<void> {
  while (written.size > 0) {
    const ids = [...written].slice(0, MARK_CHUNK)
    for (const id of ids) {
      written.delete(id)
    }
    try {
      await markWritten(db, ids)
    } catch (error) {
      for (const id of ids) {
        written.add(id)
      }
      throw error
    }
  }
}

async function measureDue(db: Db, until: number): Promise<{ done: number; more: boolean }> {
  for (let done = 0; ; ) {
    if (performance.now() > until) {
      return { done, more: true }
    }
    const leased = await leaseDue(db)
    if (!leased) {
      return { done, more: false }
    }
    done += (await measure(db, leased, until)) ? 1 : 0
  }
}

/** Measures a leased account as far as the time allows; returns true when that was all of it. */
async function measure(
  db: Db,
  { owner_id, progress }: NonNullable<Awaited<ReturnType<typeof leaseDue>>>,
  until: number
): Promise<boolean> {
  const sum = { table: 0, bytes: 0, ms: 0, ...progress }
  do {
    const startedAt = performance.now()
    const { bytes, next } = await measureChunk(db, owner_id, sum)
    sum.bytes += bytes
    sum.ms += performance.now() - startedAt
    if (!next) {
      await saveBytes(db, owner_id, sum)
      return true
    }
    Object.assign(sum, { after: undefined }, next)
  } while (performance.now() < until)
  await saveProgress(db, owner_id, sum)
  return false
}
