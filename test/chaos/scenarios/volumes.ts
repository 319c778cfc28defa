import { randomBytes } from 'node:crypto'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Scenario, World } from '../scenario.ts'
import { withoutVolumes } from '../volume.ts'

const BACK_MS = 2000
const TASKS = '/api/v1/tasks'
/** PostgreSQL's own catalogues take a third of it. */
const DATA_MIB = 128
const WAL_MIB = 32
/** It is noticed long before. */
const FULL_MS = 15_000
const ENOUGH = 5
const SLOT = 'forgotten'

/** Takes all the room there is, and gives it back. */
function fill(disk: string): () => void {
  const ballast = join(disk, 'ballast')
  const file = openSync(ballast, 'w')
  for (let chunk = 1024 * 1024; chunk >= 4096; chunk /= 2) {
    try {
      for (;;) {
        writeSync(file, Buffer.alloc(chunk))
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') {
        throw error
      }
    }
  }
  closeSync(file)
  return () => rmSync(ballast)
}

/** Leaves no room until the fault has been felt for a little. What does not compress needs room, sooner or later. */
async function withoutRoom(world: World, { readsGoOn }: { readsGoOn: boolean }): Promise<void> {
  const somebody = (await world.account()).client()
  await world.aWhile()
  const makeRoom = fill(world.disk as string)
  try {
    const giveUpAt = performance.now() + FULL_MS
    for (let refused = 0; refused < ENOUGH; ) {
      const made = await somebody.send({
        method: 'POST',
        path: TASKS,
        body: { title: 'Does it fit?', description: randomBytes(4900).toString('hex') }
      })
      if (made.status === 503) {
        refused++
      }
      const read = await somebody.send({ path: `${TASKS}?limit=1` })
      if (readsGoOn && read.status !== 200) {
        world.ledger.wrong(
          'reads go on while the disk is full',
          `${read.status} ${JSON.stringify(read.body)}`
        )
      }
      if (performance.now() > giveUpAt) {
        world.ledger.wrong('a full disk is noticed', `${refused} refused`)
        break
      }
    }
  } finally {
    makeRoom()
    somebody.close()
  }
}

const data: Scenario = {
  name: 'disk-full',
  fault: "the volume of PostgreSQL's data is full for a while",
  rounds: { short: 2, long: 30 },
  plan: { volume: { holds: 'data', mib: DATA_MIB } },
  skip: withoutVolumes,
  async round(world) {
    await withoutRoom(world, { readsGoOn: true })
    await world.backInService(BACK_MS)
  }
}

/** PostgreSQL panics rather than acknowledge what it cannot write, and again whenever it starts. */
const ahead: Scenario = {
  name: 'wal-full',
  fault:
    'the volume of pg_wal is full, of what a forgotten replication slot keeps; PostgreSQL panics, and is started when there is room',
  rounds: { short: 2, long: 30 },
  plan: { volume: { holds: 'wal', mib: WAL_MIB } },
  skip: withoutVolumes,
  async round(world) {
    await world.postgres.admin(
      (sql) => sql`select pg_create_physical_replication_slot(${SLOT}, true)`
    )
    await withoutRoom(world, { readsGoOn: false })
    await world.postgres.stop('immediate')
    await world.postgres.start()
    await world.backInService(BACK_MS)
    await world.postgres.admin((sql) => sql`select pg_drop_replication_slot(${SLOT})`)
  }
}

export const volumes = [data, ahead]
