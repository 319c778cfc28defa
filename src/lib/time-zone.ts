import { LRUCache } from 'lru-cache'
import { closestName } from './did-you-mean.ts'
import { isTimestamp } from './timestamp.ts'

/** A place's rules for its clocks, as IANA has them. */
export interface TimeZone {
  name: string
  /** Returns how far its clocks are ahead of UTC at a moment. */
  offsetMs: (at: number) => number
}

export const UTC: TimeZone = { name: 'UTC', offsetMs: () => 0 }

const DAY_MS = 86_400_000
/** A formatter takes some ten kilobytes; few zones are in use at a time. */
const zones = new LRUCache<string, TimeZone>({ max: 64 })
let names: Map<string, string> | undefined

/** Returns the zone of this name, whatever its case; undefined when there is none. */
export function findTimeZone(name: string): TimeZone | undefined {
  const key = name.toLowerCase()
  const zone = zones.get(key) ?? createTimeZone(name)
  if (zone) {
    zones.set(key, zone)
  }
  return zone
}

function createTimeZone(name: string): TimeZone | undefined {
  // An offset such as +02:00 is no place: it knows no daylight-saving time.
  if (!/^[a-z]/i.test(name)) {
    return undefined
  }
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
    return {
      name: format.resolvedOptions().timeZone,
      offsetMs: (at) => parseOffset(format.formatToParts(at).at(-1)?.value ?? '')
    }
  } catch {
    return undefined
  }
}

/** Reads `GMT`, `GMT+05:30` or, before there were standard times, `GMT+00:53:28`. */
function parseOffset(text: string): number {
  const [, sign, hours = 0, minutes = 0, seconds = 0] =
    /([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text) ?? []
  const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  return sign === '-' ? -ms : ms
}

/** Returns the name that was probably meant: a typing error, or a city without its continent. */
export function closestTimeZone(name: string): string | undefined {
  names ??= new Map(
    ['UTC', ...Intl.supportedValuesOf('timeZone')].map((known) => [known.toLowerCase(), known])
  )
  const wanted = name.toLowerCase().replaceAll(' ', '_')
  const known = [...names.keys()]
  const guess = known.find((one) => one.endsWith(`/${wanted}`)) ?? closestName(wanted, known)
  return guess && names.get(guess)
}

/**
 * Returns the first moment at which the clocks of a zone show `wall`, a date and time counted as if in UTC, or more:
 * where a time is skipped, the moment after the gap; where it comes twice, the first of the two.
 */
export function firstMomentAt(wall: number, zone: TimeZone): number {
  const shows = (at: number) => at + zone.offsetMs(at)
  const [before, after] = [wall - DAY_MS, wall + DAY_MS].map((at) => wall - zone.offsetMs(at)) as [
    number,
    number
  ]
  const exact = [before, after].find((at) => shows(at) === wall)
  if (exact !== undefined) {
    return exact
  }
  // The clocks jump over it somewhere after `low` and no later than `high`.
  let [low, high] = [Math.min(before, after), Math.max(before, after)]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (shows(middle) < wall) {
      low = middle
    } else {
      high = middle
    }
  }
  return high
}

/**
 * Returns the moment that a local date and time means: of two, the first; where it is skipped, as much later as the
 * clocks jump, which is what calendars do.
 */
export function momentOf(wall: number, zone: TimeZone): number {
  const first = firstMomentAt(wall, zone)
  const isSkipped = first + zone.offsetMs(first) !== wall
  return isSkipped ? wall - zone.offsetMs(first - 1) : first
}

const LOCAL_TIME = /^(\d{4}-\d{2}-\d{2})[Tt ]+(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)$/

/** Returns the moment that a text such as `2026-01-31 09:00` means, which names no zone; undefined for other texts. */
export function inZone(text: string, zone: TimeZone): string | undefined {
  const [, date, time] = LOCAL_TIME.exec(text) ?? []
  const asUtc = `${date}T${time}Z`
  return isTimestamp(asUtc) ? new Date(momentOf(Date.parse(asUtc), zone)).toISOString() : undefined
}
