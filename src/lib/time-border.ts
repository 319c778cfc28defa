import { firstMomentAt, type TimeZone } from './time-zone.ts'
import { FIRST_MS, isDate, LAST_MS, normalizeTimestamp } from './timestamp.ts'

/**
 * Where a time filter begins or ends. An all-day task is due by the clocks of wherever one is, so it is compared with
 * what they show at that moment, as if in UTC: so is its due date stored.
 */
export interface Border {
  moment: string
  shown: string
}

const DAY_MS = 86_400_000

/**
 * Returns what the value of a filter means: a date alone, the beginning of that day, or the end with `…_before`, in a
 * zone or in UTC.
 */
export function borderOf(filter: string, value: string, zone: TimeZone | undefined): Border {
  if (!isDate(value)) {
    const moment = normalizeTimestamp(value)
    return { moment, shown: zone ? textOf(shownAt(Date.parse(moment), zone)) : moment }
  }
  const shown = Date.parse(value) + (filter.endsWith('_before') ? DAY_MS : 0)
  return { moment: textOf(zone ? firstMomentAt(shown, zone) : shown), shown: textOf(shown) }
}

/** Returns what the clocks of a zone show at a moment, as if in UTC. */
const shownAt = (at: number, zone: TimeZone): number => at + zone.offsetMs(at)

/** No task has a time beyond the years that can be written. */
function textOf(at: number): string {
  return at > LAST_MS ? 'infinity' : new Date(Math.max(at, FIRST_MS)).toISOString()
}
