import { randomBytes } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import type { Config } from '../../src/config.ts'
import type { Db } from '../../src/db/client.ts'
import { accountStorage } from '../../src/db/tables/account-storage.ts'
import type { Task } from '../../src/features/tasks/schema.ts'
import { runScheduled } from './scheduled.ts'
import type { Person } from './test-app.ts'

/** A description of ten thousand characters that takes as many bytes. */
export const longText = (): string => randomBytes(5000).toString('hex')

type Created = [Task, Task, Task, ...Task[]]

/** Creates tasks that take a little more than ten thousand bytes each. */
export async function fill(who: Person, count: number, more: object = {}): Promise<Created> {
  const created: Task[] = []
  for (let left = count; left > 0; left -= 80) {
    const operations = Array.from({ length: Math.min(left, 80) }, () => ({
      op: 'create',
      data: { title: 'Long', description: longText(), ...more }
    }))
    const response = await who.post('/api/v1/task-batches', { operations })
    if (response.statusCode !== 200) {
      throw new Error(response.body)
    }
    created.push(...response.json().results.map(({ task }: { task: Task }) => task))
  }
  return created as Created
}

/** Measures what is due, as if all accounts had rested, and returns how many accounts that were. */
export async function measure(app: { db: Db; config: Config }): Promise<number> {
  await app.db.execute(sql`
    UPDATE account_storage
    SET measured_at = measured_at - interval '1 day', due_at = due_at - interval '1 day'`)
  return runScheduled(app, 'storage.measure')
}

/** Returns what is known of an account. */
export async function storageOf(db: Db, { user }: Person) {
  const [row] = await db.select().from(accountStorage).where(eq(accountStorage.owner_id, user.id))
  return row
}
