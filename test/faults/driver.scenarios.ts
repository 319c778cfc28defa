/** Run by driver.test.ts in a process of its own: runs scenarios against a real server, prints results as JSON. */
import { once } from 'node:events'
import { registerHooks } from 'node:module'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { sql } from 'drizzle-orm'
import type { Database } from '../../src/db/client.ts'
import { freePort } from '../support/postgres-server.ts'

const [url = '', without = '', ...names] = process.argv.slice(2)
const STAND_INS: Record<string, string> = {
  patches: 'export function assertDriverPatched () {}',
  timeouts: 'export const withTimeouts = (client) => ({ client, queueStats: {} })'
}
registerHooks({
  load(file, context, next) {
    const left = without.split(' ').find((name) => file.endsWith(`/src/db/postgres-js/${name}.ts`))
    return left === undefined
      ? next(file, context)
      : { format: 'module', shortCircuit: true, source: STAND_INS[left] as string }
  }
})
if (names.includes('loaded too early')) {
  await import('postgres')
}
const { openDatabase } = await import('../../src/db/client.ts')
/** With a longer wait than a request has: this tests the driver, on a machine that may be busy. */
const open = (pool: number, address = url) =>
  openDatabase({ url: address, dataDir: '', pool, waitMs: 3000 })

type Db = Database['db']
/** Returns `done`, or the code of the error's root cause. */
const outcome = (work: PromiseLike<unknown>): Promise<string> =>
  Promise.resolve(work).then(
    () => 'done',
    (error: Error) => {
      let root: Error & { code?: string } = error
      while (root.cause instanceof Error) {
        root = root.cause
      }
      return root.code ?? root.message
    }
  )
const pidOf = async (db: Db): Promise<number> =>
  ((await db.execute(sql`select pg_backend_pid()::int as pid`)) as unknown as { pid: number }[])[0]
    ?.pid as number

/** Ends a session from outside and waits until the server has no trace of it. */
async function kill(pid: number): Promise<void> {
  const other = await open(1)
  await other.db.execute(sql`select pg_terminate_backend(${pid}, 3000)`)
  await other.close()
}

/**
 * Runs a transaction whose session is killed while it is idle; `rest` runs after that, and `broken` resolves when the
 * caller got the error.
 */
async function doomed(
  db: Db,
  rest: (tx: Db, broken: Promise<void>) => Promise<unknown>
): Promise<string> {
  const { promise: broken, resolve } = Promise.withResolvers<void>()
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  const told = outcome(
    db.transaction(async (tx) => {
      await kill(await pidOf(tx as unknown as Db))
      await rest(tx as unknown as Db, broken).finally(finish)
    })
  )
  told.then(() => resolve())
  await finished
  return told
}

/** Starts a proxy before the server that can cut connections in several ways. */
async function startProxy() {
  const { hostname, port: farPort } = new URL(url)
  const sockets = new Set<[Socket, Socket]>()
  const port = await freePort()
  const state = { hangsUp: false, dials: 0 }
  const server = createServer((near) => {
    state.dials++
    if (state.hangsUp) {
      near.end()
      return
    }
    const far = connect(Number(farPort), hostname)
    sockets.add([near, far])
    for (const [one, other] of [
      [near, far],
      [far, near]
    ] as const) {
      one
        .on('data', (bytes) => other.write(bytes))
        .on('close', () => other.destroy())
        .on('error', () => {})
    }
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = new URL(url)
  address.port = String(port)
  /** Connections stay open but carry nothing any more, as when a machine vanishes; new connections work. */
  const muffle = () => {
    for (const pair of sockets) {
      for (const socket of pair) {
        socket.removeAllListeners('data').on('data', () => {})
      }
    }
  }
  /** Resets connections, so that both ends get an error. */
  const reset = () => {
    for (const [near] of sockets) {
      near.resetAndDestroy()
    }
  }
  return { url: address.href, state, muffle, reset }
}

const one = sql`select 1`
const newTable = () => sql.raw(`kept_${process.pid}_${++tables}`)
let tables = 0
const scenarios: Record<string, () => Promise<object>> = {
  async 'at once'() {
    const { db } = await open(2)
    const told = await doomed(db, (tx) => tx.execute(one))
    return { told, next: await outcome(db.execute(one)) }
  },
  async 'after a while'() {
    const { db } = await open(2)
    const told = await doomed(db, async (tx, broken) => {
      await broken
      await pause(100)
      await tx.execute(one)
    })
    return { told, next: await outcome(db.execute(one)) }
  },
  async 'while a query runs'() {
    const { db } = await open(1)
    const told = await outcome(
      db.transaction(async (tx) => {
        const pid = await pidOf(tx as unknown as Db)
        await Promise.all([tx.execute(sql`select pg_sleep(60)`), kill(pid)])
      })
    )
    return { told, next: await outcome(db.execute(one)) }
  },
  async swallowed() {
    const { db } = await open(2)
    let second = ''
    const told = await doomed(db, async (tx, broken) => {
      await outcome(tx.execute(one))
      await broken
      second = await outcome(tx.execute(one))
    })
    return { told, second, next: await outcome(db.execute(one)) }
  },
  async 'again and again'() {
    const { db } = await open(2)
    const long = sql.raw(`select '${'x'.repeat(5000)}'`)
    const told = []
    for (let i = 0; i < 5; i++) {
      told.push(
        await doomed(db, async (tx, broken) => {
          await broken
          await outcome(tx.execute(long))
        })
      )
    }
    return { told, next: await Promise.all([1, 2, 3].map(() => outcome(db.execute(one)))) }
  },
  /** The connection of a dead transaction is used by the next one; the dead one must not end it. */
  async "somebody else's"() {
    const { db } = await open(1)
    const kept = newTable()
    await db.execute(sql`create table ${kept} (what text)`)
    const { promise: broken, resolve: hasBroken } = Promise.withResolvers<void>()
    const { promise: halfWay, resolve: atHalf } = Promise.withResolvers<void>()
    const told = doomed(db, async (_tx, heard) => {
      await heard
      hasBroken()
      await halfWay
      throw new Error('gives up')
    })
    await broken
    const neighbour = await outcome(
      db.transaction(async (tx) => {
        await tx.execute(sql`insert into ${kept} values ('mine')`)
        atHalf()
        await told
        await tx.execute(one)
      })
    )
    return {
      told: await told,
      neighbour,
      kept: ((await db.execute(sql`select * from ${kept}`)) as unknown as object[]).length
    }
  },
  /** With all other connections taken, a transaction begins as the n-th in the pipeline of the last one. */
  async crowded() {
    const pool = 20
    const { db } = await open(pool)
    const { promise: enough, resolve: letGo } = Promise.withResolvers<void>()
    let open_ = 0
    const { promise: taken, resolve: allTaken } = Promise.withResolvers<void>()
    const holders = Array.from({ length: pool - 1 }, () =>
      db.transaction(async (tx) => {
        await tx.execute(one)
        if (++open_ === pool - 1) {
          allTaken()
        }
        await enough
      })
    )
    await taken
    const odd = new Set<string>()
    for (let n = 90; n <= 110; n++) {
      const crowd = Array.from({ length: n }, () => outcome(db.execute(one)))
      // All statements are in the pipeline, and none has a result yet.
      for (let i = 0; i < 100; i++) {
        await undefined
      }
      const told = await outcome(db.transaction((tx) => tx.execute(one)))
      if (told !== 'done') {
        odd.add(told)
      }
      await Promise.all(crowd)
    }
    letGo()
    await Promise.all(holders)
    return { odd: [...odd] }
  },
  async 'hangs up'() {
    const line = await startProxy()
    const { db } = await open(1, line.url)
    line.state.hangsUp = true
    const told = await Promise.race([outcome(db.execute(one)), pause(2500, 'nothing')])
    const { dials } = line.state
    line.state.hangsUp = false
    return { told, dialsWithoutPause: dials > 20, next: await outcome(db.execute(one)) }
  },
  async cut() {
    const line = await startProxy()
    const { db } = await open(1, line.url)
    const told = await outcome(
      db.transaction(async (tx) => {
        const answer = tx.execute(sql`select pg_sleep(60)`)
        setTimeout(line.reset, 200)
        await answer
      })
    )
    const numbers = await Promise.all(
      [1, 2, 3].map((n) =>
        outcome(
          db.transaction(async (tx) => {
            const [row] = (await tx.execute(sql`select ${n}::int as n`)) as unknown as {
              n: number
            }[]
            if (row?.n !== n) {
              throw new Error(`asked for ${n}, got ${row?.n}`)
            }
          })
        )
      )
    )
    return { told, numbers }
  },
  async blamed() {
    const { db } = await open(1)
    const pid = await pidOf(db)
    const [told] = await Promise.all([outcome(db.execute(sql`select pg_sleep(60)`)), kill(pid)])
    return { told, next: await outcome(db.execute(one)) }
  },
  async 'after some rows'() {
    const { db } = await open(1)
    const told = await outcome(db.execute(sql`select 1 / (3 - n) from generate_series(1, 5) n`))
    return {
      told,
      next: [...((await db.execute(sql`select 'mine' as what`)) as unknown as object[])]
    }
  },
  async 'read-only'() {
    const { db } = await open(1)
    const kept = newTable()
    await db.execute(sql`create table ${kept} (what text)`)
    await db.execute(sql`set default_transaction_read_only = on`)
    const insert = () =>
      outcome(db.transaction((tx) => tx.execute(sql`insert into ${kept} values ('mine')`)))
    return { told: await insert(), next: await insert() }
  },
  async 'loaded too early'() {
    return { told: await outcome(open(1)) }
  },
  async silent() {
    const line = await startProxy()
    const { db } = await open(2, line.url)
    const all = () =>
      Promise.all([1, 2].map(() => outcome(db.transaction((tx) => tx.execute(one)))))
    await all()
    line.muffle()
    const told = await all()
    // Callers get their errors long before the silence is long enough to give up the connections.
    await pause(5000)
    return { told, next: await all() }
  },
  async 'silent to one caller after the other'() {
    const line = await startProxy()
    const { db } = await open(1, line.url)
    await outcome(db.execute(one))
    line.muffle()
    // Each is written before the silence since the one before is long enough.
    for (let second = 0; second < 6; second++) {
      outcome(db.execute(one))
      await pause(1000)
    }
    return { next: await outcome(db.execute(one)) }
  },
  /** The queue of busy connections, which is not empty for as long as there is no pause. */
  async 'without a pause'() {
    const { default: Queue } = await import(
      new URL('queue.js', import.meta.resolve('postgres')).href
    )
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const heapMb = () => {
      collect()
      return process.memoryUsage().heapUsed / 1e6
    }
    const connection = { name: 'one' }
    const queue = Queue([connection, { name: 'other' }])
    const before = heapMb()
    for (let statement = 0; statement < 2_000_000; statement++) {
      queue.push(queue.shift())
    }
    queue.remove(connection)
    return { grows: heapMb() - before > 4, left: [queue.length, queue.shift().name] }
  },
  async 'idle beside a silent one'() {
    const line = await startProxy()
    const { db } = await open(3, line.url)
    const all = () =>
      Promise.all([1, 2, 3].map(() => outcome(db.transaction((tx) => tx.execute(one)))))
    await all()
    line.muffle()
    const told = await outcome(db.transaction((tx) => tx.execute(one)))
    await pause(5000)
    return { told, next: (await all()).sort() }
  }
}

const results = await Promise.all(names.map(async (name) => [name, await scenarios[name]?.()]))
console.log(JSON.stringify(Object.fromEntries(results)))
process.exit(0)
