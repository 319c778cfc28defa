import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { isNull, sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { classifyDbError } from '../../../src/db/errors.ts'
import { executeRows } from '../../../src/db/rows.ts'
import { taskImports } from '../../../src/db/tables/task-imports.ts'
import { openStream } from '../../support/change-stream.ts'
import { CHANGES } from '../../support/changes.ts'
import { inCluster } from '../../support/citus.ts'
import { serverUrl } from '../../support/database.ts'
import { rows, upload, worker } from '../../support/imports.ts'
import { projectWith, putMember, removeMember } from '../../support/projects.ts'
import { pick, type Random, seeded } from '../../support/random.ts'
import {
  allTasks,
  checksumOf,
  patiently,
  readPatiently,
  TaskMirror
} from '../../support/task-mirror.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

/** How long writers write; `FOLLOW_SECONDS=600` for a release. */
const SECONDS = Number(process.env.FOLLOW_SECONDS ?? 5)
const WRITERS = 20
/** Until who polls, and has found nothing, asks again. */
const POLL_MS = 25
const TASKS = '/api/v1/tasks'

type TestApp = Awaited<ReturnType<typeof createTestApp>>
interface World {
  app: TestApp
  owner: Person
  members: [Person, Person, Person]
  projects: { id: string }[]
}

/**
 * Lets transactions commit late and in any order, as they do where a server is busy: of those that write a task's
 * history, some wait up to two seconds at their end, and one of ten is rolled back.
 */
const delayCommits = (app: TestApp) =>
  app.db.execute(sql`
    CREATE FUNCTION late_commit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF random() < 0.1 AND NEW.type <> 'task.purged' THEN
        RAISE EXCEPTION 'rolled back by the test' USING ERRCODE = '40001';
      END IF;
      IF random() < 0.05 THEN
        PERFORM pg_sleep(2 * random());
      END IF;
      RETURN NULL;
    END
    $$;
    CREATE CONSTRAINT TRIGGER late_commit AFTER INSERT ON task_events
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late_commit()`)

/** Does one of the things that people and programs do, whatever comes of it. */
async function write({ owner, members, projects }: World, random: Random): Promise<void> {
  const who = pick(random, [owner, ...members])
  const project_id = pick(random, [...projects.map(({ id }) => id), null])
  const known = (await who.get(`${TASKS}?limit=20&sort=updated_at_desc`)).json().data ?? []
  const task = known.length > 0 ? pick<{ id: string }>(random, known) : undefined
  const member = pick(random, members)
  const at = task && `${TASKS}/${task.id}`
  const acts: (() => Promise<unknown>)[] = [
    () => who.post(TASKS, { title: 'single', project_id }),
    () =>
      who.post('/api/v1/task-batches', {
        operations: [1, 2, 3].map(() => ({ op: 'create', data: { title: 'batch', project_id } }))
      }),
    () =>
      upload(who, rows(2, 'imported'), { query: project_id ? `?project_id=${project_id}` : '' }),
    ...(at === undefined || task === undefined
      ? []
      : [
          () => who.patch(task, { title: `changed ${Math.floor(random() * 1000)}` }),
          () => who.patch(task, { status: pick(random, ['todo', 'in_progress', 'done']) }),
          () => who.patch(task, { project_id }),
          () => who.patch(task, { assignee_id: pick(random, [owner, ...members]).user.id }),
          () => who.remove(task),
          () => who.restore(task),
          () => who.post(TASKS, { title: 'below', parent_id: task.id })
        ]),
    () => removeMember(owner, pick(random, projects), member),
    () => putMember(owner, pick(random, projects), member, 'editor'),
    () => putMember(owner, pick(random, projects), member, 'editor')
  ]
  await pick(random, acts)()
}

async function writeFor(world: World, seconds: number): Promise<void> {
  const until = Date.now() + seconds * 1000
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, i) => {
      const random = seeded(i + 1)
      while (Date.now() < until) {
        await write(world, random)
        await nextTurn()
      }
    })
  )
}

/** Waits until all imports have ended. Those whose transaction was rolled back are taken up again at once. */
async function importsEnded({ db }: TestApp): Promise<void> {
  const unfinished = isNull(taskImports.finished_at)
  await waitUntil(
    'the end of all imports',
    async () => {
      const expired = { leased_until: sql`now()` }
      await db.update(taskImports).set(expired).where(unfinished).catch(whenBusy)
      return (await db.$count(taskImports, unfinished).catch(whenBusy)) === 0
    },
    60_000
  )
}

/** Follows by polling until `isOver` and nothing is left. */
async function poll(who: Person, mirror: TaskMirror, isOver: () => boolean): Promise<void> {
  let cursor = (await readPatiently(who, CHANGES)).json().pagination.next_cursor
  await mirror.begin()
  for (let mayEnd = false; ; ) {
    const page = await readPatiently(who, `${CHANGES}?limit=50&cursor=${cursor}`)
    const { data, pagination } = page.json()
    for (const change of data) {
      await mirror.apply(change)
    }
    cursor = pagination.next_cursor
    if (mayEnd && data.length === 0 && !pagination.has_more) {
      return
    }
    mayEnd = isOver()
    // The embedded database answers before any timer has its turn.
    await (data.length > 0 ? nextTurn() : pause(POLL_MS))
  }
}

/** Follows by a stream. */
async function stream(t: Test, who: Person, mirror: TaskMirror, origin: string) {
  const headers = { authorization: `Bearer ${who.access_token}` }
  const opened = await openStream(t, `${origin}${CHANGES}/stream`, headers)
  await opened.begun()
  await mirror.begin()
  let applied = 0
  return async (last: () => Promise<string | undefined>) => {
    const id = await last()
    await waitUntil(
      'the last change',
      () => opened.events.some(({ change }) => change.id === id),
      30_000
    )
    while (applied < opened.events.length) {
      await mirror.apply(opened.events[applied++]?.change as never)
    }
  }
}

/** Reads nothing where the pool of connections is exhausted. */
function whenBusy(error: Error): undefined {
  if (!['unavailable', 'unknown_outcome'].includes(classifyDbError(error) ?? '')) {
    throw error
  }
}

/** Follows as one must not: by ids that are greater than the last one. Returns the ids that it has seen. */
async function followByIds({ app, owner }: World, isOver: () => boolean): Promise<Set<string>> {
  const seen = new Set<string>()
  let last = '00000000-0000-0000-0000-000000000000'
  for (let mayEnd = false; ; ) {
    const rows = await executeRows<{ id: string }>(
      app.db,
      sql`
        SELECT id FROM task_events
        WHERE owner_id = ${owner.user.id} AND id > ${last} ORDER BY id LIMIT 100`
    ).catch(whenBusy)
    for (const { id } of rows ?? []) {
      seen.add(id)
      last = id
    }
    if (mayEnd && rows?.length === 0) {
      return seen
    }
    mayEnd = isOver()
    await (rows?.length ? nextTurn() : pause(POLL_MS))
  }
}

// Distributed tables have none.
const hasTriggers = serverUrl !== undefined && (await inCluster('no triggers')) === false

t.test('followers miss nothing and get nothing twice, however late others commit', async (t) => {
  const app = await createTestApp(t, { env: { DIRECTORY: 'all' }, onLog: () => {} })
  worker(t, app)
  const origin = await app.app.listen({ port: 0, host: '127.0.0.1' })
  const owner = await app.signUp('user', 'owner')
  const members = (await Promise.all(
    ['a', 'b', 'c'].map((it) => app.signUp('user', `member-${it}`))
  )) as World['members']
  const projects = await Promise.all([1, 2].map(() => projectWith(owner, { editor: members[0] })))
  const world = { app, owner, members, projects }
  if (hasTriggers) {
    await delayCommits(app)
  }
  await owner.untilSettled()
  let isOver = false
  const people = [owner, ...members, owner]
  const polled = people.map((who) => ({ who, mirror: new TaskMirror(who) }))
  const streamed = people.map((who) => ({ who, mirror: new TaskMirror(who) }))
  const streams = await Promise.all(
    streamed.map(({ who, mirror }) => stream(t, who, mirror, origin))
  )
  const polling = polled.map(({ who, mirror }) => poll(who, mirror, () => isOver))
  const naive = followByIds(world, () => isOver)
  await writeFor(world, SECONDS)
  if (hasTriggers) {
    const drop = sql`DROP TRIGGER IF EXISTS late_commit ON task_events`
    const isDropped = () => app.db.execute(drop).then(() => true, whenBusy)
    await waitUntil('the end of delays', async () => (await isDropped()) === true, 60_000)
  }
  await importsEnded(app)
  t.ok((await app.db.$count(taskImports)) > 0, 'files were imported meanwhile')
  // A last change for each, which ends their streams' reading.
  const lastOf = new Map<Person, string>()
  for (const who of new Set(people)) {
    const { id } = (await patiently(() => who.post(TASKS, { title: 'last' }))).json()
    const [event] = (await readPatiently(who, `${TASKS}/${id}/events`)).json().data
    lastOf.set(who, event.id)
  }
  await owner.untilSettled()
  isOver = true
  await Promise.all([
    ...polling,
    ...streams.map((end, i) => end(async () => lastOf.get(people[i] as Person)))
  ])
  for (const [i, { who, mirror }] of [...polled, ...streamed].entries()) {
    const name = `${who.user.username} by ${i < polled.length ? 'polling' : 'stream'}`
    t.equal(
      mirror.checksum(),
      checksumOf(await allTasks(who)),
      `${name}: ${mirror.tasks.size} tasks`
    )
    t.strictSame(mirror.repeated, [], `${name}: ${mirror.seen.size} changes, none twice`)
  }
  const ids = await naive
  const all = await executeRows<{ id: string }>(
    app.db,
    sql`SELECT id FROM task_events WHERE owner_id = ${owner.user.id} AND list_id IS NOT NULL`
  )
  const lost = all.filter(({ id }) => !ids.has(id)).length
  t.comment(`${all.length} changes of the owner's tasks; by ids alone ${lost} are lost`)
  if (serverUrl !== undefined && SECONDS >= 60) {
    t.ok(lost > 0, 'who follows by ids loses some, so that this test can fail')
  }
})
