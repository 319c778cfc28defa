import { once } from 'node:events'
import { sql } from 'drizzle-orm'
import t from 'tap'
import {
  createPglite,
  type Database,
  type Db,
  embedded,
  openDatabase
} from '../../src/db/client.ts'
import { executeRows } from '../../src/db/rows.ts'
import { type Tx, withTransaction } from '../../src/db/transaction.ts'
import { startPostgres, withoutPostgres } from '../support/postgres-server.ts'

/** What happened, in order: names of finished transactions, and whatever a test adds. */
const log: string[] = []
const databases: [name: string, database: Database][] = [
  ['embedded', await embedded(await createPglite({}))]
]
if (!withoutPostgres) {
  const { url } = await startPostgres(t)
  const trace = async <T>(name: string, _text: string | undefined, run: () => PromiseLike<T>) => {
    const result = await run()
    if (name === 'transaction') {
      log.push('committed')
    }
    return result
  }
  databases.push(['PostgreSQL', await openDatabase({ url, dataDir: '', pool: 4, trace })])
}
t.teardown(() => Promise.all(databases.map(([, { close }]) => close())))
t.beforeEach(() => {
  log.length = 0
})
for (const [, { db }] of databases) {
  await db.execute(
    sql`create table numbers (n integer primary key, seen integer not null default 0)`
  )
}

const insert = (tx: Db, n: number) => tx.execute(sql`insert into numbers (n) values (${n})`)
const increment = (tx: Db, n: number) =>
  tx.execute(sql`update numbers set seen = seen + 1 where n = ${n}`)
const stored = async (db: Db, n: number) =>
  (await executeRows(db, sql`select seen from numbers where n = ${n}`))[0]
const serializationFailure = () => Object.assign(new Error('not serializable'), { code: '40001' })

for (const [name, { db }] of databases) {
  t.test(`effects run once after commit, in the order of registration (${name})`, async (t) => {
    const result = await withTransaction(db, async (tx) => {
      tx.afterCommit(() => log.push('first'))
      await insert(tx, 1)
      tx.afterCommit(() => log.push('second'))
      log.push('work done')
      return 'result'
    })
    t.equal(result, 'result')
    t.strictSame(
      log.filter((entry) => entry !== 'committed'),
      ['work done', 'first', 'second'],
      'before withTransaction returns'
    )
  })

  t.test(`effects of a transaction that is rolled back are dropped (${name})`, async (t) => {
    const work = withTransaction(db, async (tx) => {
      tx.afterCommit(() => log.push('effect'))
      await insert(tx, 2)
      throw new Error('changed my mind')
    })
    await t.rejects(work, { message: 'changed my mind' })
    t.strictSame(log, [])
    t.equal(await stored(db, 2), undefined)
  })

  t.test(`only the effects of the attempt that commits run (${name})`, async (t) => {
    let attempts = 0
    await withTransaction(db, async (tx) => {
      const attempt = ++attempts
      tx.afterCommit(() => log.push(`effect of attempt ${attempt}`))
      await insert(tx, 3)
      if (attempt < 3) {
        throw serializationFailure()
      }
    })
    t.equal(attempts, 3)
    t.strictSame(
      log.filter((entry) => entry !== 'committed'),
      ['effect of attempt 3']
    )
    t.strictSame(await stored(db, 3), { seen: 0 })
  })

  t.test(`no effect runs when every attempt fails (${name})`, async (t) => {
    let attempts = 0
    const work = withTransaction(db, async (tx) => {
      attempts++
      tx.afterCommit(() => log.push('effect'))
      await insert(tx, 4)
      throw serializationFailure()
    })
    await t.rejects(work, { code: '40001' })
    t.equal(attempts, 3)
    t.strictSame(log, [])
    t.equal(await stored(db, 4), undefined)
  })

  t.test(
    `an effect that fails neither fails the change nor stops other effects (${name})`,
    async (t) => {
      const warning = once(process, 'warning')
      const result = await withTransaction(db, async (tx) => {
        tx.afterCommit(() => {
          throw new Error('the effect failed')
        })
        tx.afterCommit(() => log.push('the next effect'))
        await insert(tx, 5)
        return 'result'
      })
      t.equal(result, 'result')
      t.ok(log.includes('the next effect'))
      t.strictSame(await stored(db, 5), { seen: 0 })
      t.match(await warning, [{ message: 'the effect failed' }])
    }
  )
}

t.test('effects see the change from another connection', { skip: withoutPostgres }, async (t) => {
  const { db } = server()
  const reads: Promise<unknown>[] = []
  const read = () => reads.push(stored(db, 10))
  await withTransaction(db, async (tx) => {
    tx.afterCommit(() => {
      log.push('effect')
      read()
    })
    await insert(tx, 10)
    await stored(tx, 10)
    read()
    await reads[0]
  })
  t.strictSame(await Promise.all(reads), [undefined, { seen: 0 }])
  t.strictSame(log, ['committed', 'effect'])
})

t.test('a serialization failure repeats the transaction', { skip: withoutPostgres }, async (t) => {
  const { db } = server()
  await insert(db, 20)
  let attempts = 0
  await withTransaction(db, async (tx) => {
    const attempt = ++attempts
    tx.afterCommit(() => log.push(`effect of attempt ${attempt}`))
    await tx.execute(sql`set transaction isolation level repeatable read`)
    await stored(tx, 20)
    if (attempt === 1) {
      await increment(db, 20)
    }
    await increment(tx, 20)
  })
  t.equal(attempts, 2)
  t.strictSame(log, ['committed', 'effect of attempt 2'])
  t.strictSame(await stored(db, 20), { seen: 2 })
})

t.test('a deadlock repeats the transaction that lost', { skip: withoutPostgres }, async (t) => {
  const { db } = server()
  await insert(db, 30)
  await insert(db, 31)
  const bothHoldOne = Promise.withResolvers<void>()
  let attempts = 0
  let holders = 0
  const crosswise = (first: number, second: number) =>
    withTransaction(db, async (tx: Tx) => {
      attempts++
      tx.afterCommit(() => log.push(`effect of ${first}`))
      await increment(tx, first)
      holders++
      if (holders === 2) {
        bothHoldOne.resolve()
      }
      await bothHoldOne.promise
      await increment(tx, second)
    })
  await Promise.all([crosswise(30, 31), crosswise(31, 30)])
  t.equal(attempts, 3)
  t.strictSame(log.filter((entry) => entry !== 'committed').sort(), [
    'effect of 30',
    'effect of 31'
  ])
  t.strictSame(await stored(db, 30), { seen: 2 })
  t.strictSame(await stored(db, 31), { seen: 2 })
})

function server(): Database {
  const [, database] = databases[1] ?? []
  if (database === undefined) {
    throw new Error('there is no server')
  }
  return database
}
