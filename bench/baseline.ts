/**
 * The bare baseline: Fastify with one hand-written statement a route for the same rows. No caller, no validation, no
 * limits, no log, no events: what remains when everything that Tasklane is for has been taken away.
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
const columns = sql`id, owner_id, assignee_id, title, description, status, priority, due_date, tags, status = 'done' as completed, completed_at, version, created_at, updated_at, deleted_at`
interface Query {
  owner: string
  id: string
  created_at: string
  word: string
}

app.get<{ Querystring: Query }>(
  '/list',
  async ({ query: { owner } }) =>
    sql`select ${columns} from tasks where owner_id = ${owner} and deleted_at is null order by created_at desc, id desc limit 21`
)
app.get<{ Querystring: Query }>(
  '/filtered',
  async ({ query: { owner } }) =>
    sql`select ${columns} from tasks where owner_id = ${owner} and deleted_at is null and status = 'todo' and due_date is not null order by due_date, id limit 21`
)
app.get<{ Querystring: Query }>(
  '/deep',
  async ({ query: { owner, created_at, id } }) =>
    sql`select ${columns} from tasks where owner_id = ${owner} and deleted_at is null and (created_at, id) < (${created_at}::timestamptz, ${id}::uuid) order by created_at desc, id desc limit 21`
)
app.get<{ Querystring: Query }>(
  '/search',
  async ({ query: { owner, word } }) =>
    sql`select ${columns} from tasks where owner_id = ${owner} and deleted_at is null and search @@ websearch_to_tsquery('simple', ${word}) order by created_at desc, id desc limit 21`
)
app.get<{ Querystring: Query }>(
  '/get',
  async ({ query: { owner, id } }) =>
    (await sql`select ${columns} from tasks where owner_id = ${owner} and id = ${id}`)[0]
)
app.post<{ Querystring: Query; Body: { title: string } }>(
  '/create',
  async ({ query: { owner }, body }, reply) => {
    reply.code(201)
    return (
      await sql`insert into tasks (owner_id, id, title, status, priority, tags) values (${owner}, ${randomUUID()}, ${body.title}, 'todo', 'medium', '{}') returning ${columns}`
    )[0]
  }
)
app.patch<{ Querystring: Query; Body: { title: string } }>(
  '/patch',
  async ({ query: { owner, id }, body }) =>
    (
      await sql`update tasks set title = ${body.title}, version = version + 1, updated_at = now() where owner_id = ${owner} and id = ${id} returning ${columns}`
    )[0]
)

await app.listen({ host: '127.0.0.1', port: Number(PORT) })
process.on('SIGTERM', async () => {
  await app.close()
  await sql.end()
  process.exit(0)
})
