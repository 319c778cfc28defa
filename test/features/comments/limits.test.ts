import t from 'tap'
import type { TaskComment } from '../../../src/features/comments/schema.ts'
import { comment, commentsUrl, editComment, postComment } from '../../support/comments.ts'
import { createTestDatabase } from '../../support/database.ts'
import { createTestApp } from '../../support/test-app.ts'

const database = await createTestDatabase()
/** The statements about tasks and comments, as they are sent. */
const statements: string[] = []
recordStatements()
const { signUp } = await createTestApp(t, { database })
const ann = await signUp()

interface Session {
  prepareQuery(
    query: { sql: string },
    ...rest: unknown[]
  ): { execute(...args: unknown[]): Promise<unknown> }
}

/** Records each statement beside the driver, which gets it unchanged. */
function recordStatements(): void {
  const { session } = (database.db as unknown as { _: { session: Session } })._
  const prepare = session.prepareQuery.bind(session)
  session.prepareQuery = (query, ...rest) => {
    const statement = prepare(query, ...rest)
    const execute = statement.execute.bind(statement)
    statement.execute = (...args) => {
      if (/"task(s|_comments)"/.test(query.sql)) {
        statements.push(query.sql)
      }
      return execute(...args)
    }
    return statement
  }
}

t.test('a page takes two statements, however many comments are on it', async (t) => {
  const task = await ann.create({ title: 'x' })
  const sent = async () => {
    statements.length = 0
    const { data } = (await ann.get(commentsUrl(task, '?limit=100'))).json()
    return { comments: data.length, statements: statements.length }
  }
  t.strictSame(await sent(), { comments: 0, statements: 2 })
  await comment(ann, task, 'One, @ann')
  t.strictSame(await sent(), { comments: 1, statements: 2 })
  for (let i = 0; i < 30; i++) {
    await comment(ann, task, `Comment ${i}, @ann`)
  }
  t.strictSame(await sent(), { comments: 31, statements: 2 })
})

t.test('a page ends before its comments exceed a mebibyte', async (t) => {
  const task = await ann.create({ title: 'x' })
  const long = '🎨'.repeat(10_000)
  for (let i = 0; i < 28; i++) {
    await comment(ann, task, long)
  }
  const found: TaskComment[] = []
  let cursor = ''
  do {
    const answer = await ann.get(commentsUrl(task, `?limit=100${cursor}`))
    t.ok(answer.rawPayload.length < 1_060_000)
    const { data, pagination } = answer.json()
    t.equal(pagination.limit, 100)
    found.push(...data)
    cursor = pagination.has_more ? `&cursor=${pagination.next_cursor}` : ''
  } while (cursor !== '')
  t.equal(new Set(found.map(({ id }) => id)).size, 28)
})

t.test('a text has 1 to 10 000 characters, one of them visible', async (t) => {
  const task = await ann.create({ title: 'x' })
  const one = await comment(ann, task)
  const good = [
    'x',
    'x'.repeat(10_000),
    '🎨'.repeat(10_000),
    `${'\n'.repeat(9_999)}x`,
    '\u200fשלום'
  ]
  for (const body of good) {
    t.equal((await postComment(ann, task, body)).json().body, body)
  }
  const bad = [
    '',
    ' ',
    '\n\t\r\n',
    '\u200b\u2060',
    'x\u0000',
    'x'.repeat(10_001),
    ' '.repeat(10_000)
  ]
  for (const body of bad) {
    for (const answer of [await postComment(ann, task, body), await editComment(ann, one, body)]) {
      t.match(answer.json(), { status: 400, errors: [{ in: 'body', pointer: '/body' }] })
    }
  }
  const send = (payload: object) => ann.send({ method: 'POST', url: commentsUrl(task), payload })
  for (const payload of [{}, { body: null }, { body: 1 }, { body: 'x', author_id: ann.user.id }]) {
    t.equal((await send(payload)).statusCode, 400)
    const edit = { method: 'PATCH', url: commentsUrl(task, `/${one.id}`), payload } as const
    t.equal((await ann.send(edit)).statusCode, 400)
  }
  t.equal((await ann.read(task)).json().comment_count, 1 + good.length)
})

t.test('comments count against the budgets of creates, updates and deletes', async (t) => {
  const RATE_LIMITS = { RATE_LIMIT_CREATES: '3', RATE_LIMIT_UPDATES: '1', RATE_LIMIT_DELETES: '1' }
  const limited = await createTestApp(t, { env: { RATE_LIMIT: 'on', ...RATE_LIMITS } })
  const bob = await limited.signUp()
  const task = await bob.create({ title: 'x' })
  const one = await comment(bob, task)
  await comment(bob, task)
  t.match((await postComment(bob, task, 'x')).json(), { status: 429, code: 'rate_limited' })
  t.equal((await editComment(bob, one, 'y')).statusCode, 200)
  t.equal((await editComment(bob, one, 'z')).statusCode, 429)
  t.equal((await bob.read(task)).json().comment_count, 2)
})
