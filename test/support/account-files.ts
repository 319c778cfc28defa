import { hash } from 'node:crypto'
import type { Person } from './test-app.ts'

export const JSON_LINES = { name: 'account.jsonl', type: 'application/x-ndjson' }

/** Everything of an account as JSON lines. */
export const accountFile = async (who: Person): Promise<string> =>
  (await who.get('/api/v1/me/export')).body

/** What differs between two installations: whose it is, and what happened there. */
const OF_ONE_PLACE = new Set([
  'owner_id',
  'author_id',
  'created_by',
  'version',
  'updated_at',
  'mentions'
])

/** The checksum of everything in an account's file that an import keeps. */
export function checksumOf(file: string): string {
  const records = file
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; data: Record<string, unknown> })
    .filter(({ type }) => ['project', 'task', 'task_comment'].includes(type))
    .map(({ type, data }) => {
      const kept = Object.entries(data).filter(([name]) => !OF_ONE_PLACE.has(name))
      return JSON.stringify([type, kept.sort(([a], [b]) => (a < b ? -1 : 1))])
    })
  return hash('sha256', records.sort().join('\n'))
}
