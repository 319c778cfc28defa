import { setTimeout as pause } from 'node:timers/promises'
import { NIL } from 'uuid'
import type { Config } from '../../config.ts'
import type { Job } from '../../core/job-runner.ts'
import type { Db } from '../../db/client.ts'
import { withTransaction } from '../../db/transaction.ts'
import { newId } from '../../lib/uuid.ts'
import {
  type ChangeFacts,
  type FactsRead,
  findFollowersWithNews,
  readFacts
} from '../changes/service.ts'
import {
  advance,
  type IdleWebhook,
  insertDeliveries,
  isFull,
  type LeasedWebhook,
  leaseWebhook,
  listIdle,
  postpone,
  release,
  trimDeliveries
} from './collect.queries.ts'
import { ownerContext } from './owner-context.ts'
import { storedChange } from './payload.ts'

const NAME = 'webhooks.collect'
/** Webhooks that are looked at together. */
const CHUNK = 1000
/** Webhooks that get a turn before it is looked at the next ones. */
const TURNS = 50
/** Between two looks of which the first has found nothing, however often the job is woken. */
const QUIET_MS = 300
/** Changes of one turn. */
const MAX_CHANGES = 250
const DAY_MS = 86_400_000

export interface CollectOptions {
  db: Db
  config: Pick<Config, 'CHANGES_RETENTION_DAYS'>
}

/**
 * Makes deliveries of what is new in the feeds of those who have webhooks: each enabled webhook in turn, a bounded part
 * of its feed at a time, in one transaction with how far it has come. A run goes on behind the webhooks of the run
 * before it, and from the last one back to the first, so that each gets its turn however many there are.
 */
export function collectJob(options: CollectOptions): Job {
  let after: string = NIL
  let quietUntil = 0
  return {
    name: NAME,
    concurrency: 1,
    async runOnce(isStopping) {
      await pause(Math.max(0, quietUntil - performance.now()))
      const found = await findWaiting(options.db, after)
      after = found.next
      let turns = 0
      for (const webhook of found.waiting) {
        if (isStopping()) {
          break
        }
        turns += (await collectFor(options, webhook)) ? 1 : 0
      }
      quietUntil = turns > 0 ? 0 : performance.now() + QUIET_MS
      return turns > 0
    }
  }
}

interface Found {
  waiting: IdleWebhook[]
  /** The webhook behind which the next run looks. */
  next: string
}

/**
 * Returns webhooks behind one of them whose owners have something new: of those that were looked at together, the ones
 * that have waited longest. When the rest have nothing new, it begins with the first one again.
 */
async function findWaiting(db: Db, start: string): Promise<Found> {
  const waiting: IdleWebhook[] = []
  let after = start
  let isEnd = false
  while (!isEnd && waiting.length < TURNS) {
    const idle = await listIdle(db, after, CHUNK)
    waiting.push(...(await withNews(db, idle)))
    isEnd = idle.length < CHUNK
    after = idle.at(-1)?.id ?? NIL
  }
  if (waiting.length === 0 && start !== NIL) {
    return findWaiting(db, NIL)
  }
  const longest = waiting.sort((a, b) => a.last_turn - b.last_turn).slice(0, TURNS)
  return { waiting: longest, next: isEnd ? NIL : after }
}

async function withNews(db: Db, idle: IdleWebhook[]): Promise<IdleWebhook[]> {
  if (idle.length === 0) {
    return []
  }
  const followers = idle.map(({ owner_id, position }) => ({ user_id: owner_id, position }))
  const found = new Set(await findFollowersWithNews(db, followers))
  return idle.filter(({ owner_id }) => found.has(owner_id))
}

/** Makes deliveries of the next part of a webhook's feed; returns false when there was nothing to do. */
async function collectFor({ db, config }: CollectOptions, waiting: IdleWebhook): Promise<boolean> {
  const webhook = await leaseWebhook(db, waiting)
  if (!webhook) {
    return false
  }
  if (await isFull(db, webhook)) {
    await postpone(db, webhook)
    return false
  }
  const { changes, next } = await readNext(db, webhook)
  const from = startOf(webhook, config.CHANGES_RETENTION_DAYS)
  const collected = changes
    .filter(({ occurred_at }) => Date.parse(occurred_at) >= from)
    .map((facts) => ({
      id: newId(),
      change_id: facts.id,
      type: facts.type,
      change: storedChange(facts)
    }))
  const isAdvanced = await withTransaction(db, async (tx) => {
    const isCurrent = await advance(tx, webhook, next)
    if (isCurrent) {
      await insertDeliveries(tx, webhook, collected)
    }
    return isCurrent
  })
  if (!isAdvanced) {
    await release(db, webhook)
  } else if (collected.length > 0) {
    await trimDeliveries(db, webhook)
  }
  return true
}

/** What happened before is not delivered: the feed goes back so far and no further, and a replay perhaps less. */
const startOf = ({ not_before }: LeasedWebhook, retentionDays: number): number =>
  Math.max(Date.now() - retentionDays * DAY_MS, not_before === null ? 0 : Date.parse(not_before))

/** Reads what follows in a webhook's feed, as its owner sees it now. */
function readNext(db: Db, webhook: LeasedWebhook): Promise<FactsRead> {
  const { project_id, position, change_id } = webhook
  const type = webhook.types as ChangeFacts['type'][]
  const filter = {
    ...(type.length > 0 && { type }),
    ...(project_id !== null && { project_id })
  }
  const place = { position, id: change_id }
  return readFacts(db, ownerContext(webhook, NAME), place, { limit: MAX_CHANGES, filter })
}
