/**
 * The baseline: Fastify with one hand-written statement per route, on the same rows in a table of its own with the two
 * indexes that it needs. It has no authentication, validation, limits, logs and history, so it shows what those cost.
 */
import { randomUUID } from 'node:crypto'
import { fastify } from 'fastify'
import postgres from 'postgres'

const { DATABASE_URL = '', PORT = '', DATABASE_POOL_SIZE = '10' } = process.env
const sql = postgres(DATABASE_URL, {
  max: Number(DATABASE_POOL_SIZE),
  fetch_types: false,
  connection: { TimeZone: 'UTC' },
  onnotice() {}
})
const app = fastify()
const columns = sql`
  id, owner_id, title, description, status, priority, due_date, tags, completed_at, version, created_at, updated_at`
interface ForOwner {
  Querystring: { owner: string }
}
interface ForTask {
  Querystring: { owner: string; id: string }
}
interface WithTitle {
  Body: { title: string }
}

app.get<ForOwner>(
  '/list',
  ({ query: { owner } }) => sql`
    SELECT ${columns}
    FROM baseline.tasks
    WHERE owner_id = ${owner}
    ORDER BY created_at DESC, id DESC
    LIMIT 21`
)
app.get<ForOwner>(
  '/filtered',
  ({ query: { owner } }) => sql`
    SELECT ${columns}
    FROM baseline.tasks
    WHERE owner_id = ${owner} AND status = 'todo' AND due_date IS NOT NULL
    ORDER BY due_date, id
    LIMIT 21`
)
app.get<{ Querystring: { owner: string; id: string; created_at: string } }>(
  '/deep',
  ({ query: { owner, created_at, id } }) => sql`
    SELECT ${columns}
    FROM baseline.tasks
    WHERE owner_id = ${owner}
     
      AND (created_at, id) < (${created_at}::timestamptz, ${id}::uuid)
    ORDER BY created_at DESC, id DESC
    LIMIT 21`
)
app.get<{ Querystring: { owner: string; word: string } }>(
  '/search',
  ({ query: { owner, word } }) => sql`
    SELECT ${columns}
    FROM baseline.tasks
    WHERE owner_id = ${owner}
     
      AND (title ILIKE ${`%${word}%`} OR description ILIKE ${`%${word}%`})
    ORDER BY created_at DESC, id DESC
    LIMIT 21`
)
app.get<ForTask>('/get', async ({ query: { owner, id } }) => {
  const [task] =
    await sql`SELECT ${columns} FROM baseline.tasks WHERE id = ${id} AND owner_id = ${owner}`
  return task
})
app.post<ForOwner & WithTitle>('/create', async ({ query: { owner }, body }, reply) => {
  const [task] = await sql`
    INSERT INTO baseline.tasks (owner_id, id, title, status, priority, tags)
    VALUES (${owner}, ${randomUUID()}, ${body.title}, 'todo', 'medium', '{}')
    RETURNING ${columns}`
  reply.code(201)
  return task
})
app.patch<ForTask & WithTitle>('/patch', async ({ query: { owner, id }, body }) => {
  const [task] = await sql`
    UPDATE baseline.tasks
    SET title = ${body.title}, version = version + 1, updated_at = now()
    WHERE id = ${id} AND owner_id = ${owner}
    RETURNING ${columns}`
  return task
})

await app.listen({ host: '127.0.0.1', port: Number(PORT) })
process.on('SIGTERM', async () => {
  await app.close()
  await sql.end()
  process.exit(0)
})
