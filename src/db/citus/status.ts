import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { executeRows } from '../rows.ts'
import { DISTRIBUTED } from '../tables/places.ts'
import { listUndistributedTables } from './distribution.ts'

/** Returns lines about a distributed database: its tables, its nodes, and how statements find their shards. */
export async function readStatus(db: Db): Promise<string[]> {
  const tables = await executeRows<{ name: string; shards: number; size: string }>(
    db,
    sql`
      SELECT table_name::text AS name, shard_count::int AS shards, table_size AS size
      FROM citus_tables
      WHERE citus_table_type = 'distributed'
      ORDER BY 1`
  )
  if (tables.length === 0) {
    return ['Nothing is distributed. Run: npm run tasklane -- distribute']
  }
  const nodes = await executeRows<{ node: string; shards: number; size: string }>(
    db,
    sql`
      SELECT nodename || ':' || nodeport AS node, count(*)::int AS shards,
        pg_size_pretty(sum(shard_size)) AS size
      FROM citus_shards
      WHERE citus_table_type = 'distributed'
      GROUP BY 1
      ORDER BY 1`
  )
  const missing = await listUndistributedTables(db)
  return [
    ...tables.map(({ name, shards, size }) =>
      row(name, `by ${DISTRIBUTED[name] ?? '?'}`, `${shards} shards`, size)
    ),
    ...missing.map((name) => row(name, 'not distributed: run tasklane distribute')),
    ...nodes.map(({ node, shards, size }) => row(node, '', `${shards} shards`, size)),
    await routedShare(db)
  ]
}

const row = (name: string, ...cells: string[]): string =>
  [name.padEnd(24), ...cells.map((cell) => cell.padStart(14))].join(' ').trimEnd()

/** How many statements found all they needed in one shard, as the coordinator counts them. */
async function routedShare(db: Db): Promise<string> {
  const [counted] = await executeRows<{ one: string; several: string; since: string | null }>(
    db,
    sql`
      SELECT query_execution_single_shard::text AS one, query_execution_multi_shard::text AS several,
        stats_reset::text AS since
      FROM citus_stat_counters
      WHERE name = current_database() AND current_setting('citus.enable_stat_counters')::boolean`
  )
  const total = Number(counted?.one ?? 0) + Number(counted?.several ?? 0)
  if (total === 0) {
    return 'Routed to one shard: not counted. Set citus.enable_stat_counters = on to know.'
  }
  const share = ((100 * Number(counted?.one)) / total).toFixed(1)
  return `Routed to one shard: ${share} % of ${total} statements${counted?.since ? ` since ${counted.since}` : ''}.`
}
