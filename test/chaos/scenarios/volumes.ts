import { randomBytes } from 'node:crypto'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Scenario, ScenarioContext } from '../scenario.ts'
import { withoutVolumes } from '../volume.ts'

const RECOVERY_MS = 2000
const TASKS = '/api/v1/tasks'
/** PostgreSQL's own catalogs take a third of it. */
const DATA_MIB = 128
const WAL_MIB = 32
/** A full disk is noticed long before. */
const NOTICE_MS = 15_000
/** The number of rejected writes after which the fault has had its effect. */
const ENOUGH_REJECTIONS = 5
const SLOT = 'forgotten'

/** Fills a volume to the last byte; returns a function that frees the space. */
function fillVolume(folder: string): () => void {
  const ballast = join(folder, 'ballast')
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

/** Keeps the volume full until writes have been rejected several times. */
async function withFullVolume(
  { ledger, randomDelay, signUpAccount, volumeFolder }: ScenarioContext,
  { allowsReads }: { allowsReads: boolean }
): Promise<void> {
  const client = (await signUpAccount()).client()
  await randomDelay()
  const free = fillVolume(volumeFolder as string)
  try {
    const deadline = performance.now() + NOTICE_MS
    for (let rejections = 0; rejections < ENOUGH_REJECTIONS; ) {
      // Random text does not compress: it needs new pages sooner or later.
      const { status } = await client.send({
        method: 'POST',
        path: TASKS,
        body: { title: 'A large task', description: randomBytes(4900).toString('hex') }
      })
      if (status === 503) {
        rejections++
      }
      const list = await client.send({ path: `${TASKS}?limit=1` })
      if (allowsReads && list.status !== 200) {
        ledger.violation(
          'reads continue while the disk is full',
          `${list.status} ${JSON.stringify(list.body)}`
        )
      }
      if (performance.now() > deadline) {
        ledger.violation('a full disk rejects writes', `${rejections} rejections`)
        break
      }
    }
  } finally {
    free()
    client.close()
  }
}

const diskFull: Scenario = {
  name: 'disk-full',
  fault: "the volume of PostgreSQL's data is full for a while",
  rounds: { short: 2, long: 30 },
  plan: { volume: { holds: 'data', mib: DATA_MIB } },
  skip: withoutVolumes,
  async round(context) {
    await withFullVolume(context, { allowsReads: true })
    await context.waitForRecovery(RECOVERY_MS)
  }
}

/** PostgreSQL panics when it cannot write its log, and again at each start until there is space. */
const walFull: Scenario = {
  name: 'wal-full',
  fault:
    'the volume of pg_wal is full because of a forgotten replication slot; ' +
    'PostgreSQL panics, and is started when there is space',
  rounds: { short: 2, long: 30 },
  plan: { volume: { holds: 'wal', mib: WAL_MIB } },
  skip: withoutVolumes,
  async round(context) {
    const { postgres } = context
    await postgres.admin((sql) => sql`SELECT pg_create_physical_replication_slot(${SLOT}, true)`)
    await withFullVolume(context, { allowsReads: false })
    await postgres.stop('immediate')
    await postgres.start()
    await context.waitForRecovery(RECOVERY_MS)
    await postgres.admin((sql) => sql`SELECT pg_drop_replication_slot(${SLOT})`)
  }
}

export const volumes = [diskFull, walFull]
