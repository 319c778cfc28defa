import type { Test } from 'tap'
import { distribute, planDistribution } from '../../src/db/citus/distribute.ts'
import type { Db } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'
import { DISTRIBUTED } from '../../src/db/tables/places.ts'
import { createCluster } from './citus.ts'

/** So many that a statement for one owner is told from one for several, and from one for all. */
export const SHARDS = 8

/** What the coordinator has asked of its nodes meanwhile. */
export interface Asked {
  /** The shards in which owned rows were read or changed: the least hash of the owners of each. */
  shards: string[]
  /** Those in which they were changed. */
  changed: string[]
  /** How often a node was sent what a part of a statement has found, to go on with it there. */
  results: number
  /** On how many nodes a transaction was prepared: one on several, or one that has copied rows. */
  prepared: number
}

const SHARD = new RegExp(`\\b(?:${Object.keys(DISTRIBUTED).join('|')})_(\\d{6,})\\b`, 'g')
const IS_CHANGE = /^(WITH .*)?(INSERT|UPDATE|DELETE|COPY)\b/i
const IS_RESULT = /^COPY .*\(format result\)/i

/** Opens a distributed database whose coordinator says what it asks of its nodes. */
export async function createTalkingCluster(t: Pick<Test, 'teardown'>) {
  const { database, url } = await createCluster(t)
  await migrate(database.db)
  await distribute(database.db, await planDistribution(database.db, SHARDS))
  const messages: string[] = []
  const { default: postgres } = await import('postgres')
  const { drizzle } = await import('drizzle-orm/postgres-js')
  const settings = {
    // As docs/operations/clusters.md has it.
    'citus.max_adaptive_executor_pool_size': '1',
    // Each statement for a node is told to whoever has caused it.
    'citus.log_remote_commands': 'on'
  }
  const client = postgres(url, {
    max: 4,
    fetch_types: false,
    connection: settings as object,
    onnotice: ({ message = '' }) => messages.push(message.replace(/^issuing /, '').trim())
  })
  t.teardown(() => client.end())
  const rows = await client.unsafe(
    'SELECT shardid::text AS id, shardminvalue AS least FROM pg_dist_shard'
  )
  const leastOf = new Map(rows.map(({ id, least }) => [id as string, least as string]))
  return {
    database: { ...database, db: drizzle(client) as unknown as Db },
    /** Returns the shard of an owner. */
    async shardOf(ownerId: string): Promise<string> {
      const [row] = await client.unsafe(
        "SELECT get_shard_id_for_distribution_column('tasks', $1::uuid)::text AS id",
        [ownerId]
      )
      return leastOf.get(row?.id) as string
    },
    /** Returns what the nodes are asked meanwhile. */
    async askedBy(work: () => Promise<unknown>): Promise<Asked> {
      messages.length = 0
      await work()
      return summaryOf(messages, leastOf)
    }
  }
}

function summaryOf(messages: string[], leastOf: Map<string, string>): Asked {
  const shardsOf = (texts: string[]): string[] => {
    const ids = texts.flatMap((text) => [...text.matchAll(SHARD)].map(([, id = '']) => id))
    return [...new Set(ids.flatMap((id) => leastOf.get(id) ?? []))].sort()
  }
  return {
    shards: shardsOf(messages),
    changed: shardsOf(messages.filter((text) => IS_CHANGE.test(text))),
    results: messages.filter((text) => IS_RESULT.test(text)).length,
    prepared: messages.filter((text) => text.startsWith('PREPARE TRANSACTION')).length
  }
}
