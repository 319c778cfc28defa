import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { scheduledTasks } from '../../src/background.ts'
import type { Config } from '../../src/config.ts'
import { createMail } from '../../src/core/mail.ts'
import type { Secrets } from '../../src/core/secrets.ts'
import type { Db } from '../../src/db/client.ts'
import { SECRET } from './test-app.ts'

interface Given {
  db: Db
  config: Config
  secrets?: Secrets
}

/** Runs a scheduled task as every process does, until it says that there is no more. Returns how much was done. */
export const runScheduled = (given: Given, name: string): Promise<number> =>
  scheduledIn(given, name)()

/** Returns what runs a scheduled task in one process, as often as it is called. */
export function scheduledIn(
  { db, config, secrets = [SECRET] }: Given,
  name: string
): () => Promise<number> {
  const log = pino({ level: 'silent' })
  const mail = createMail(config, log)
  const deps = { db, config, log, secrets, mail }
  const task = scheduledTasks(deps).find((it) => it.name === name)
  if (!task) {
    throw new Error(`there is no scheduled task ${name}`)
  }
  return async () => {
    let total = 0
    for (let more = true; more; ) {
      const result = await task.run()
      total += result.done
      more = result.more
    }
    return total
  }
}

/** Moves deletions back in time, so that no request of the deleted accounts can still be in progress. */
export const advanceDeletionTime = (db: Db, minutes = 1) =>
  db.execute(
    sql`
      UPDATE users
      SET
        deleted_at = deleted_at - make_interval(mins => ${minutes}::int),
        purge_after = NULL
      WHERE deleted_at IS NOT NULL`
  )
