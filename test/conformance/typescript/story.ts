import { strict as assert } from 'node:assert'
import { setTimeout } from 'node:timers/promises'

/** What the driver tells a journey. */
const told = (name: string): string => process.env[name] ?? assert.fail(`${name} is not set`)
export const url = told('TASKLANE_URL')
export const credentials = {
  username: told('TASKLANE_USERNAME'),
  password: told('TASKLANE_PASSWORD')
}
export const csv = told('TASKLANE_CSV')

/** Runs a step and says that it is done; a step that throws ends the journey. */
export async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const result = await work()
  console.log(`ok ${name}`)
  return result
}

/** Asks again until there is an answer; the driver ends a journey that takes too long. */
export async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) {
      return answer
    }
    await setTimeout(200)
  }
}

/** The n-th of the 25 tasks of the story. */
export const STATES = ['todo', 'in_progress', 'done'] as const
export const draft = (n: number) => ({
  title: `Task ${n}`,
  description: 'Stays as it is',
  status: STATES[n % 3] ?? 'todo',
  due_date: new Date(Date.UTC(2030, 0, n + 1, 12)).toISOString(),
  tags: ['story']
})
