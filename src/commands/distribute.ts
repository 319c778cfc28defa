import { findObstacles } from '../db/citus/check.ts'
import { distribute, planDistribution, repairAssigners } from '../db/citus/distribute.ts'
import { readStatus } from '../db/citus/status.ts'
import type { Db } from '../db/client.ts'
import { isMigrated } from '../db/migrate.ts'
import { UsageError } from './arguments.ts'
import { CommandError, loadConfig, openForMigration } from './bootstrap.ts'

/** Enough for 32 nodes to share them out evenly for years; each costs files on every node. */
const DEFAULT_SHARDS = '32'
const MAX_SHARDS = 1024

interface DistributeOptions {
  shards: string | undefined
  isDryRun: boolean
  isStatus: boolean
}

/**
 * Distributes the owned tables that are not, in one transaction, or says what that would be. What stands in the way is
 * said before anything is done.
 */
export async function distributeCommand({
  shards = DEFAULT_SHARDS,
  isDryRun,
  isStatus
}: DistributeOptions): Promise<void> {
  const count = Number(shards)
  if (!(/^\d+$/.test(shards) && count >= 1 && count <= MAX_SHARDS)) {
    throw new UsageError(`--shards takes a number from 1 to ${MAX_SHARDS}.`, 'distribute')
  }
  const config = loadConfig()
  if (config.DATABASE_URL === undefined) {
    throw new CommandError(
      'The embedded database cannot be distributed. Set DATABASE_URL to the coordinator of a Citus cluster; ' +
        'tasklane transfer copies the data there.'
    )
  }
  const { db, close } = await openForMigration(config)
  try {
    await assertReady(db)
    await (isStatus ? printStatus(db) : carryOut(db, count, isDryRun))
  } finally {
    await close()
  }
}

async function assertReady(db: Db): Promise<void> {
  const obstacles = await findObstacles(db)
  if (obstacles.length > 0) {
    throw new CommandError(obstacles.join('\n'))
  }
  if (!(await isMigrated(db))) {
    throw new CommandError('The database lacks migrations. Run: npm run migrate')
  }
}

async function carryOut(db: Db, shards: number, isDryRun: boolean): Promise<void> {
  const plan = await planDistribution(db, shards)
  if (plan.tables.length === 0) {
    if (!isDryRun) {
      await repairAssigners(db)
    }
    console.log('Every owned table is distributed already. Nothing was done.')
    return
  }
  const names = plan.tables.map(({ name }) => name).join(', ')
  if (isDryRun) {
    console.log([...plan.statements, ''].join(';\n'))
    console.log(`Nothing was done. Without --dry-run, one transaction would distribute ${names}.`)
    return
  }
  await distribute(db, plan)
  console.log(`Distributed ${names}. Start the instances again: they ask once, at the start.`)
}

async function printStatus(db: Db): Promise<void> {
  for (const line of await readStatus(db)) {
    console.log(line)
  }
}
