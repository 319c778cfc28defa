import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { executeRows } from '../rows.ts'
import { hasCitus } from './distribution.ts'

/** The oldest version that everything was run on. */
const OLDEST_VERSION = 13

/** Returns what stands in the way of distributing a database: a reason and its remedy each; nothing if all is well. */
export async function findObstacles(db: Db): Promise<string[]> {
  if (!(await hasCitus(db))) {
    return [
      'The database has no extension citus. Install it on every node, name it in shared_preload_libraries, and as a ' +
        'superuser run: create extension citus'
    ]
  }
  const [here] = await executeRows<{ version: string; is_coordinator: boolean; nodes: number }>(
    db,
    sql`
      SELECT extversion AS version,
        (SELECT groupid = 0 FROM pg_dist_local_group) AS is_coordinator,
        (
          SELECT count(*)::int FROM pg_dist_node
          WHERE noderole = 'primary' AND isactive AND shouldhaveshards
        ) AS nodes
      FROM pg_extension
      WHERE extname = 'citus'`
  )
  if (!here?.is_coordinator) {
    return ['This server is a worker. Point DATABASE_URL at the coordinator.']
  }
  if (Number.parseInt(here.version, 10) < OLDEST_VERSION) {
    return [`Citus is ${here.version} here. Update it to ${OLDEST_VERSION} or later on every node.`]
  }
  if (here.nodes === 0) {
    return [
      'No node has shards. As a superuser run on the coordinator, for each worker: ' +
        "select citus_add_node('host', 5432)"
    ]
  }
  return findFaultsOfNodes(db)
}

type NodeState = { node: string; success: boolean; state: string }

/** What is asked of every node, by a session of the role that serves, as text: `name=value` lines. */
const ASKED = [
  "'time zone=' || current_setting('TimeZone')",
  "'prepared=' || current_setting('max_prepared_transactions')",
  "'citus=' || (SELECT extversion FROM pg_extension WHERE extname = 'citus')",
  "'postgres=' || current_setting('server_version_num')::int / 10000"
].join(` || ',' || `)

async function findFaultsOfNodes(db: Db): Promise<string[]> {
  const workers = await executeRows<NodeState>(
    db,
    sql`
      SELECT nodename || ':' || nodeport AS node, success, result AS state
      FROM run_command_on_workers(${`SELECT ${ASKED}`})`
  )
  const [own] = await executeRows<{ state: string }>(db, sql.raw(`SELECT ${ASKED} AS state`))
  const versions = parse(own?.state ?? '')
  const nodes = [...workers, { node: 'the coordinator', success: true, state: own?.state ?? '' }]
  return nodes.flatMap(({ node, success, state }) =>
    success
      ? faultsOf(node, parse(state), versions)
      : [
          `${node} cannot be asked: ${state.replace(/\s+/g, ' ')}. Start it, or remove it: citus_remove_node`
        ]
  )
}

type State = Record<string, string | undefined>
const parse = (state: string): State =>
  Object.fromEntries(state.split(',').map((part) => part.split('=') as [string, string]))

function faultsOf(node: string, state: State, coordinator: State): string[] {
  const { citus, postgres, prepared, 'time zone': zone } = state
  return [
    zone !== 'UTC' &&
      `Sessions of ${node} are in the time zone ${zone}, which would put days and cursors wrong. ` +
        "Set timezone = 'UTC' in its postgresql.conf and reload it",
    prepared === '0' &&
      `${node} prepares no transactions. Set max_prepared_transactions = 200 in its postgresql.conf and restart it`,
    citus !== coordinator.citus &&
      `${node} has Citus ${citus}, the coordinator ${coordinator.citus}. Install the same version on both, and run ` +
        'alter extension citus update',
    postgres !== coordinator.postgres &&
      `${node} is PostgreSQL ${postgres}, the coordinator ${coordinator.postgres}. Use the same major version`
  ].flatMap((fault) => (fault === false ? [] : `${fault}.`))
}
