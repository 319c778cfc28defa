import t from 'tap'
import { type Db, openDatabase } from '../../../src/db/client.ts'
import { createTestDatabase } from '../../support/database.ts'
import { createTestApp } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

/** Counts what is asked of a database, beside the application: each statement passes through unchanged. */
function counting(db: Db): { db: Db; asked: () => number } {
  let count = 0
  const counted = new Proxy(db, {
    get(target, key) {
      const value = Reflect.get(target, key)
      if (key !== 'execute') {
        return value
      }
      return (...args: Parameters<Db['execute']>) => {
        count++
        return target.execute(...args)
      }
    }
  })
  return { db: counted, asked: () => count }
}

t.test('however often readiness is asked for, it asks the database once a second', async (t) => {
  const database = await createTestDatabase()
  const { db, asked } = counting(database.db)
  const { request, app } = await createTestApp(t, { database, deps: { db } })
  await app.ready()
  const before = asked()
  const startedAt = performance.now()
  const answers = await Promise.all(
    Array.from({ length: 2000 }, () => request({ url: '/health/ready' }))
  )
  t.strictSame([...new Set(answers.map(({ statusCode }) => statusCode))], [200])
  const seconds = Math.ceil((performance.now() - startedAt) / 1000)
  t.ok(asked() - before > 0)
  t.ok(asked() - before <= 3 + seconds, `${asked() - before} statements in ${seconds} s`)
  const settled = asked()
  await waitUntil('a new check', async () => {
    await request({ url: '/health/ready' })
    return asked() > settled
  })
})

t.test('readiness tells strangers nothing but that', async (t) => {
  const { request } = await createTestApp(t, { env: { RATE_LIMIT: 'on' } })
  t.strictSame((await request({ url: '/health/ready' })).json(), { status: 'ready' })
})

t.test('a database that is gone is asked no more often than one that is there', async (t) => {
  const gone = await openDatabase({
    url: 'postgres://nobody@127.0.0.1:1/none',
    dataDir: '',
    pool: 2
  })
  t.teardown(() => gone.close())
  const { db, asked } = counting(gone.db)
  const { request, app } = await createTestApp(t, { deps: { db }, onLog: () => {} })
  await app.ready()
  const before = asked()
  const startedAt = performance.now()
  const answers = await Promise.all(
    Array.from({ length: 500 }, () => request({ url: '/health/ready' }))
  )
  const seconds = Math.ceil((performance.now() - startedAt) / 1000)
  t.strictSame([...new Set(answers.map(({ statusCode }) => statusCode))], [503])
  t.ok(asked() - before <= 1 + seconds, `${asked() - before} statements in ${seconds} s`)
})
