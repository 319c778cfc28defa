import { atLeast, type RequestContext } from '../../core/context.ts'
import { Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { readProjectStates, roleIn } from '../project-access/service.ts'
import { changedFieldsOf } from '../tasks/service.ts'
import {
  type FeedPlace,
  FIRST_ID,
  readFeed,
  type StoredChange,
  type TimedPlace
} from './feed.queries.ts'
import { readResources } from './resources.ts'
import type { Change, ChangeFilter } from './schema.ts'
import { changeAsJson } from './serialize.ts'

/** The most JSON of a page: one with more changes ends early. */
const MAX_BYTES = 1_048_576
/** Changes that are read at once where the filter may take only few of them. */
const MIN_READ = 250

/** A change with the JSON that it is sent as, and the place behind it. */
export interface ReadChange {
  place: TimedPlace
  change: Change
  json: string
}

export interface FeedRead {
  changes: ReadChange[]
  /** Where the next read goes on. */
  next: TimedPlace
  /** True when there is more already. */
  hasMore: boolean
}

/** A change without the resource, and where it is. */
export type ChangeFacts = StoredChange
/** A read of such. It goes on from where it began, if nothing could be read. */
export type FactsRead<Start extends FeedPlace = FeedPlace> = Omit<FeedRead, 'changes' | 'next'> & {
  changes: ChangeFacts[]
  next: TimedPlace | Start
}

interface ReadOptions {
  limit: number
  filter?: ChangeFilter
}

/**
 * Reads the changes behind a place that the caller sees, oldest first, with their resources as they are now. No change
 * can appear later before the place that the next read goes on from. A filter may leave a page empty and `hasMore`
 * true. Of a project that the caller sees no more, a filter leaves what their personal list says of it.
 */
export async function readChanges(
  db: Db,
  ctx: RequestContext,
  after: TimedPlace,
  options: ReadOptions
): Promise<FeedRead> {
  const facts = await readFacts(db, ctx, after, options)
  const changes = thatFit(await withResources(db, ctx, facts.changes))
  const last = changes.length < facts.changes.length ? changes.at(-1) : undefined
  return last ? { changes, next: last.place, hasMore: true } : { ...facts, changes }
}

/** Reads the same without the resources, which `withResources` reads when they are needed. */
export async function readFacts<Start extends FeedPlace>(
  db: Db,
  ctx: RequestContext,
  after: Start,
  { limit, filter = {} }: ReadOptions
): Promise<FactsRead<Start>> {
  const { caller } = ctx
  const readAt = Date.now()
  const project = filter.project_id
    ? { id: filter.project_id.toLowerCase(), is_manager: atLeast(caller.role, 'manager') }
    : undefined
  const wanted = filter.type ? Math.max(limit, MIN_READ) : limit
  const { horizon, changes } = await readFeed(db, caller.id, after, {
    limit: wanted + 1,
    project
  })
  const read = changes.slice(0, wanted)
  const types = filter.type && new Set<string>(filter.type)
  const matching = types ? read.filter(({ type }) => types.has(type)) : read
  const shown = matching.slice(0, limit)
  const isCut = shown.length < matching.length
  const last = isCut ? shown.at(-1) : read.at(-1)
  const hasMore = isCut || changes.length > wanted
  return {
    changes: shown,
    next: hasMore && last ? placeOf(last) : laterOf(after, horizon, readAt),
    hasMore
  }
}

/** Adds to changes the resources as the caller sees them now. */
export async function withResources(
  db: Db,
  ctx: RequestContext,
  changes: ChangeFacts[]
): Promise<ReadChange[]> {
  const resourceOf = await readResources(db, ctx, changes)
  return changes.map((stored) => present(stored, resourceOf(stored)))
}

/** Throws when a filter names a project that the caller cannot see. */
export async function assertSeen(
  db: Db,
  { caller }: RequestContext,
  { project_id }: ChangeFilter
): Promise<void> {
  if (project_id === undefined) {
    return
  }
  const id = project_id.toLowerCase()
  const project = (await readProjectStates(db, caller, [id])).get(id)
  if (!project || roleIn(caller, project) === undefined) {
    throw new Problem('not_found', { detail: `There is no project ${id} that you can see.` })
  }
}

function present(stored: StoredChange, data: object | null): ReadChange {
  const { id, type, resource_type, resource_id, version, ...facts } = stored
  const change: Change = {
    id,
    type,
    occurred_at: facts.occurred_at,
    actor_id: facts.actor_id,
    request_id: facts.request_id,
    project_id: facts.project_id,
    resource: { type: resource_type, id: resource_id, version },
    changed_fields:
      resource_type === 'task' ? changedFieldsOf(facts.changed_fields) : facts.changed_fields,
    data: type === 'access.lost' ? null : data
  }
  return { place: placeOf(stored), change, json: changeAsJson(change) }
}

function thatFit(changes: ReadChange[]): ReadChange[] {
  let bytes = 0
  const tooLong = changes.findIndex(({ json }) => {
    bytes += Buffer.byteLength(json) + 1
    return bytes > MAX_BYTES
  })
  return tooLong < 0 ? changes : changes.slice(0, Math.max(1, tooLong))
}

/** Behind a change. It is as old as that, whenever it was read. */
const placeOf = ({ position, id, occurred_at }: StoredChange): TimedPlace => ({
  position,
  id,
  time: Date.parse(occurred_at)
})

/**
 * Where a reader is who has read everything up to the horizon. That of a server that was restored may be behind what
 * they have seen.
 */
function laterOf<Start extends FeedPlace>(
  after: Start,
  horizon: string | undefined,
  readAt: number
): TimedPlace | Start {
  if (horizon === undefined) {
    return after
  }
  const isLater = BigInt(horizon) > BigInt(after.position)
  return { ...(isLater ? { position: horizon, id: FIRST_ID } : after), time: readAt }
}
