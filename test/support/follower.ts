import type { Change } from '../../src/features/changes/schema.ts'
import type { Person } from './test-app.ts'
import { waitUntil } from './wait-until.ts'

const CHANGES = '/api/v1/changes'
/** How long the transactions of other tests on the same server may hold the feed back. */
export const HELD_BACK_MS = 120_000

/** Follows the feed of a person from now on: each call returns what has happened since the last one. */
export async function follow(who: Person, limit = 100): Promise<() => Promise<Change[]>> {
  let cursor: string = (await who.get(CHANGES)).json().pagination.next_cursor
  async function readPage(): Promise<Change[]> {
    const response = await who.get(`${CHANGES}?limit=${limit}&cursor=${cursor}`)
    if (response.statusCode !== 200) {
      throw new Error(response.body)
    }
    cursor = response.json().pagination.next_cursor
    return response.json().data
  }
  async function readNews(): Promise<Change[]> {
    // On a server that others use as well, the feed may be behind: what comes before this task is read before it.
    const { id } = await who.create({ title: 'A task that ends what is read' })
    const read: Change[] = []
    const isEnd = ({ resource }: Change) => resource.id === id
    const isRead = async () => {
      read.push(...(await readPage()))
      return read.some(isEnd)
    }
    await waitUntil('the last change', isRead, HELD_BACK_MS)
    return read.filter((change) => !isEnd(change))
  }
  await readNews()
  return readNews
}

/** What a change is, in a line: its type, version and changed fields. */
export const lineOf = ({ type, resource, changed_fields }: Change): string =>
  [type, resource.version, ...changed_fields].filter((part) => part !== null).join(' ')
export const linesOf = (changes: Change[]): string[] => changes.map(lineOf)
