import type { Caller } from '../../core/context.ts'
import { type FieldError, invalidField, Problem } from '../../core/problem.ts'
import { deriveKeys, type Secrets } from '../../core/secrets.ts'
import { decodeCursor, encodeCursor, InvalidCursorError } from '../../lib/cursor.ts'
import type { TimedPlace } from './feed.queries.ts'
import type { ChangeFilter } from './schema.ts'

const DAY_MS = 86_400_000

/** A cursor, and where the request has it. */
export interface GivenCursor extends Pick<FieldError, 'in' | 'pointer'> {
  cursor: string
}
type Position = [position: string, id: string, time: string, filter: string]

/**
 * Cursors of the feed. They belong to their caller and to the filter with which they were made, and expire when the
 * feed does not go back any more to the time of their place, however recently they were given out.
 */
export function changeCursors(secrets: Secrets, retentionDays: number) {
  const keys = deriveKeys(secrets, 'cursor')
  const bindingOf = ({ id }: Pick<Caller, 'id'>) => JSON.stringify(['changes', id])
  return {
    encode: (
      caller: Pick<Caller, 'id'>,
      { position, id, time }: TimedPlace,
      filter: ChangeFilter = {}
    ) => encodeCursor(keys[0], bindingOf(caller), [position, id, String(time), filterKey(filter)]),

    /** Returns the place that a cursor names. Without a filter, one of any filter is accepted. */
    decode(caller: Pick<Caller, 'id'>, given: GivenCursor, filter?: ChangeFilter): TimedPlace {
      const [position, id, timeText, key] = open(given, (cursor) =>
        decodeCursor(keys, bindingOf(caller), cursor)
      )
      if (filter && key !== filterKey(filter)) {
        throw badCursor(
          given,
          'belongs to another filter. Use it with the same type and project_id.'
        )
      }
      const time = Number(timeText)
      if (time < Date.now() - retentionDays * DAY_MS) {
        throw new Problem('cursor_expired')
      }
      return { position, id, time }
    }
  }
}

function open(given: GivenCursor, decode: (cursor: string) => string[]): Position {
  try {
    return decode(given.cursor) as Position
  } catch (error) {
    throw error instanceof InvalidCursorError
      ? badCursor(given, 'must be a cursor of the feed of changes, as you got it.')
      : error
  }
}

const badCursor = ({ in: where, pointer }: GivenCursor, detail: string): Problem =>
  invalidField(where, pointer, 'bad_cursor', `${pointer.slice(1)} ${detail}`)

const filterKey = ({ type = [], project_id = '' }: ChangeFilter): string =>
  [project_id.toLowerCase(), ...[...type].sort()].join(' ')
