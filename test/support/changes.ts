import type { Change } from '../../src/features/changes/schema.ts'
import type { Person } from './test-app.ts'
import { waitUntil } from './wait-until.ts'

export const CHANGES = '/api/v1/changes'

/** Returns a cursor that means from now on. */
export async function presentOf(who: Person, query = ''): Promise<string> {
  await who.untilSettled()
  return (await who.get(`${CHANGES}?${query}`)).json().pagination.next_cursor
}

/** Reads everything behind a cursor, page by page, and returns where to go on. */
export async function changesSince(
  who: Person,
  from: string,
  query = ''
): Promise<{ data: Change[]; cursor: string }> {
  await who.untilSettled()
  const data: Change[] = []
  for (let cursor = from; ; ) {
    const response = await who.get(`${CHANGES}?cursor=${cursor}&limit=3&${query}`)
    if (response.statusCode !== 200) {
      throw new Error(response.body)
    }
    const page = response.json()
    data.push(...page.data)
    cursor = page.pagination.next_cursor
    if (!page.pagination.has_more) {
      return { data, cursor }
    }
  }
}

/**
 * Waits until something shows in the feed that has just happened: until then a transaction on the server is open that
 * began before it, and whoever begins to follow gets it as well.
 */
export async function settled(who: Person, from: string): Promise<void> {
  await waitUntil('the horizon', async () => (await changesSince(who, from)).data.length > 0)
}

export const typesOf = (changes: Pick<Change, 'type'>[]): string[] =>
  changes.map(({ type }) => type)
