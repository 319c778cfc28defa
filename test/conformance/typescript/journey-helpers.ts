import { strict as assert } from 'node:assert'
import { setTimeout } from 'node:timers/promises'

/** Reads a variable that the runner sets. */
const env = (name: string): string => process.env[name] ?? assert.fail(`${name} is not set`)
export const url = env('TASKLANE_URL')
export const credentials = {
  username: env('TASKLANE_USERNAME'),
  password: env('TASKLANE_PASSWORD')
}
/** Those of a second person. */
export const guestCredentials = {
  ...credentials,
  username: `${credentials.username}-guest`
}
export const csv = env('TASKLANE_CSV')

/** Runs a step and prints its name when it is done; a step that throws ends the journey. */
export async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const result = await work()
  console.log(`ok ${name}`)
  return result
}

/** Polls until there is a result; the runner ends a journey that takes too long. */
export async function poll<T>(read: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const result = await read()
    if (result !== undefined) {
      return result
    }
    await setTimeout(200)
  }
}

const STATUSES = ['todo', 'in_progress', 'done'] as const
/** The n-th of the 25 tasks of the journey. */
export const draft = (n: number) => ({
  title: `Task ${n}`,
  description: 'Stays as it is',
  status: STATUSES[n % 3] ?? 'todo',
  due_date: new Date(Date.UTC(2030, 0, n + 1, 12)).toISOString(),
  tags: ['journey']
})
