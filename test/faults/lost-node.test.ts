import { sql } from 'drizzle-orm'
import t from 'tap'
import { createTestApp } from '../support/test-app.ts'

/** What a coordinator says when a node is gone, by the title of a task that is to be stored there. */
const FAILURES = {
  refused: {
    code: '08006',
    message:
      'connection to the remote node app@node-2:5432 failed with the following error: connection to server at ' +
      '"node-2" (10.0.0.2), port 5432 failed: Connection refused'
  },
  unreached: {
    code: '08006',
    message: 'could not connect to any active placements'
  },
  cut: {
    code: '08006',
    message: 'server closed the connection unexpectedly'
  },
  essential: {
    code: 'XX000',
    message: 'failure on connection marked as essential: node-2:5432'
  },
  other: { code: 'XX000', message: 'cache lookup failed for relation 16384' }
}

const { db, signUp, events } = await createTestApp(t, { onLog() {} })
const ann = await signUp()

/** The database fails as one does that is on several servers, for tasks with a title of these. */
async function failFor(failures: typeof FAILURES): Promise<void> {
  const cases = Object.entries(failures).map(
    ([title, { code, message }]) =>
      `WHEN '${title}' THEN RAISE EXCEPTION '${message}' USING ERRCODE = '${code}';`
  )
  await db.execute(
    sql.raw(`
      CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        CASE NEW.title ${cases.join('\n')} ELSE NULL; END CASE;
        RETURN NEW;
      END
      $$`)
  )
  await db.execute(
    sql`CREATE TRIGGER fail BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION fail()`
  )
}
await failFor(FAILURES)

const create = (title: keyof typeof FAILURES) => ann.post('/api/v1/tasks', { title })

t.test('a node that nobody reached has changed nothing', async (t) => {
  for (const title of ['refused', 'unreached'] as const) {
    t.match(
      (await create(title)).json(),
      { status: 503, code: 'unavailable', detail: /Nothing was changed/ },
      title
    )
  }
  t.equal(await events.count(), 0)
})

t.test('whether a node has done it that was lost meanwhile is not known', async (t) => {
  for (const title of ['cut', 'essential'] as const) {
    t.match(
      (await create(title)).json(),
      { status: 503, code: 'unavailable', detail: /Check whether the change was made/ },
      title
    )
  }
})

t.test('another internal error of the database stays one', async (t) => {
  t.match(await create('other'), { statusCode: 500 })
})
