import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { executeRows } from '../../../src/db/rows.ts'
import type { Change } from '../../../src/features/changes/schema.ts'
import { openStream } from '../../support/change-stream.ts'
import { CHANGES, changesSince, presentOf } from '../../support/changes.ts'
import { withoutCitus } from '../../support/citus.ts'
import { projectWith } from '../../support/projects.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

/** What followers get of a cluster whose nodes commit at different times. */
const skip = await withoutCitus()
/** Less than any id that is made now: who followed by ids would miss it. */
const EARLY = '01900000-0000-7000-8000-000000000000'

async function openApp(t: Test) {
  const app = await createTestApp(t, { env: { DIRECTORY: 'all' } })
  const origin = await app.app.listen({ port: 0, host: '127.0.0.1' })
  return { ...app, origin }
}
type App = Awaited<ReturnType<typeof openApp>>

/** Where the history of an owner is stored. */
async function shardOf({ db }: App, ownerId: string) {
  const [row] = await executeRows<{ shard: string; host: string; port: number }>(
    db,
    sql`
      SELECT 'task_events_' || p.shardid AS shard, n.nodename AS host, n.nodeport AS port
      FROM pg_dist_placement p
      JOIN pg_dist_node n ON n.groupid = p.groupid
      WHERE p.shardid = get_shard_id_for_distribution_column('task_events', ${ownerId}::uuid)`
  )
  return row as NonNullable<typeof row>
}

/** Signs up two whose rows are on different nodes. */
async function signUpApart(app: App): Promise<[Person, Person]> {
  const first = await app.signUp()
  const { port } = await shardOf(app, first.user.id)
  for (;;) {
    const second = await app.signUp()
    if ((await shardOf(app, second.user.id)).port !== port) {
      return [first, second]
    }
  }
}

const idsOf = (changes: Change[]) => changes.map(({ id }) => id)
const read = async (who: Person, cursor: string): Promise<Change[]> =>
  (await who.get(`${CHANGES}?cursor=${cursor}`)).json().data
/** Opens the stream of what happens from now on. */
const follow = async (t: Test, { origin }: App, who: Person) => {
  const headers = { authorization: `Bearer ${who.access_token}` }
  const stream = await openStream(t, `${origin}${CHANGES}/stream`, headers)
  await stream.begun()
  return stream
}
type Stream = Awaited<ReturnType<typeof follow>>
const streamed = ({ events }: Stream) => idsOf(events.map(({ change }) => change))

t.test(
  'what is open on one node holds back what others have committed on another',
  { skip },
  async (t) => {
    const app = await openApp(t)
    const [ann, bob] = await signUpApart(app)
    const project = await projectWith(bob, { viewer: ann })
    const start = await presentOf(ann)
    const stream = await follow(t, app, ann)
    let later = ''
    await app.db.transaction(async (tx) => {
      await tx.execute(sql`
      INSERT INTO task_events (owner_id, task_id, version, id, type, changes, list_id)
      VALUES (${bob.user.id}, gen_random_uuid(), 1, ${EARLY}, 'task.created', '{}', ${project.id})`)
      later = (await ann.create({ title: 'begun later, committed first, on the other node' })).id
      t.strictSame(await read(ann, start), [], 'nothing is shown before what may come before it')
    })
    const { data } = await changesSince(ann, start)
    t.equal(data[0]?.id, EARLY)
    t.equal(data[1]?.resource.id, later)
    t.equal(data.length, 2)
    await stream.has(2)
    t.strictSame(streamed(stream), idsOf(data), 'a stream has the same, in the same order')
  }
)

/** Leaves a change of somebody prepared on its node while the coordinator has committed, as when the node goes down. */
async function leavePrepared(t: Test, app: App, who: Person): Promise<void> {
  const { shard, host, port } = await shardOf(app, who.user.id)
  const { default: postgres } = await import('postgres')
  const url = new URL(app.database.url as string)
  const node = postgres(Object.assign(url, { hostname: host, port: String(port) }).href, {
    max: 1,
    connection: { 'citus.enable_manual_changes_to_shards': 'on' } as object
  })
  t.teardown(() => node.end())
  await app.db.transaction(async (tx) => {
    const [at] = await executeRows<{ position: string; node: number; gid: string }>(
      tx,
      sql`
        SELECT next_change_position()::text AS position, n.groupid AS node,
          'citus_0_' || pg_backend_pid() || '_999999_' || n.groupid AS gid
        FROM pg_dist_node n
        WHERE n.nodename = ${host} AND n.nodeport = ${port}`
    )
    await node.unsafe(`
      BEGIN;
      INSERT INTO ${shard} (owner_id, task_id, version, id, type, changes, list_id, position)
      VALUES (
        '${who.user.id}', gen_random_uuid(), 1, '${EARLY}', 'task.created', '{}', '${who.user.id}', ${at?.position}
      );
      PREPARE TRANSACTION '${at?.gid}'`)
    await tx.execute(sql`
      INSERT INTO pg_dist_transaction (groupid, gid, outer_xid)
      VALUES (${at?.node}, ${at?.gid}, pg_current_xact_id())`)
  })
}

t.test(
  'what a node has still to commit holds the feed back, and comes once when it has',
  { skip },
  async (t) => {
    const app = await openApp(t)
    const [ann, bob] = await signUpApart(app)
    const [start, others] = [await presentOf(ann), await presentOf(bob)]
    const stream = await follow(t, app, ann)
    let later = ''
    await app.db.transaction(async (tx) => {
      // So that the cluster does not go on by itself while the test looks.
      await tx.execute(sql`LOCK TABLE pg_dist_transaction IN SHARE UPDATE EXCLUSIVE MODE`)
      await leavePrepared(t, app, ann)
      later = (await ann.create({ title: 'After what is not there yet' })).id
      await bob.create({ title: 'On the other node' })
      t.strictSame(await read(ann, start), [], 'nothing is shown before it')
      t.strictSame(await read(bob, others), [], 'nor to others')
      t.strictSame(streamed(stream), [])
    })
    await app.db.execute(sql`SELECT recover_prepared_transactions()`)
    const { data, cursor } = await changesSince(ann, start)
    t.equal(data[0]?.id, EARLY)
    t.equal(data[1]?.resource.id, later)
    t.equal(data.length, 2)
    t.strictSame((await changesSince(ann, cursor)).data, [], 'and not again')
    t.equal((await changesSince(bob, others)).data.length, 1)
    await stream.has(2)
    t.strictSame(streamed(stream), idsOf(data))
  }
)
