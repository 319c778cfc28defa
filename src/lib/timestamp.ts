const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})$/
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
export const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z')
export const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** Returns true for a date that the calendar has (`2026-01-31`), in the years 0001 to 9999. */
export function isDate(text: string): boolean {
  const parts = DATE.exec(text)
  if (!parts) {
    return false
  }
  const [, year, month, day] = parts.map(Number) as [number, number, number, number]
  const daysInMonth = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth
}

/**
 * Returns true for a valid RFC 3339 date-time with a zone in the years 0001 to 9999 (UTC), without leap seconds. The
 * seconds may be left out, as Java does when they are zero.
 */
export function isTimestamp(text: string): boolean {
  const [, date, hour, minute, second = '0', zone] = RFC_3339.exec(text) ?? []
  if (date === undefined || zone === undefined) {
    return false
  }
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    return false
  }
  if (zone.length > 1 && (Number(zone.slice(1, 3)) > 23 || Number(zone.slice(4)) > 59)) {
    return false
  }
  // The year 0000 may be the year 0001 in UTC.
  if (!isDate(date.replace(/^0000/, '0400'))) {
    return false
  }
  const at = Date.parse(text.toUpperCase())
  return at >= FIRST_MS && at <= LAST_MS
}

/** Returns true for what `isDate` or `isTimestamp` takes. */
export const isDateOrTimestamp = (text: string): boolean => isDate(text) || isTimestamp(text)

/** Returns the form that is stored and sent: UTC, exactly three fraction digits, cut and never rounded up. */
export const normalizeTimestamp = (text: string): string =>
  new Date(text.toUpperCase()).toISOString()

const END_OF_DAY = 'T23:59:59.999Z'
/** Returns the last moment of a date in UTC, which is how the due date of an all-day task is stored. */
export const endOfDay = (date: string): string => date + END_OF_DAY
/** Returns true for what `endOfDay` returns. */
export const isEndOfDay = (timestamp: string): boolean => timestamp.endsWith(END_OF_DAY)
/** Returns the date of a timestamp in UTC. */
export const dateOf = (timestamp: string): string => timestamp.slice(0, 10)

/**
 * Converts PostgreSQL's text of a timestamptz in a UTC session (`2026-01-02 03:04:05.6+00`) to RFC 3339 with three
 * fraction digits.
 */
export function timestampFromDatabase(text: string): string {
  const fraction = text.length > 22 ? text.slice(20, text.length - 3) : ''
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.padEnd(3, '0')}Z`
}
