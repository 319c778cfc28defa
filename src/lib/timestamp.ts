const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/
const FIRST = Date.parse('0001-01-01T00:00:00.000Z')
const LAST = Date.parse('9999-12-31T23:59:59.999Z')

/** Returns true for a valid RFC 3339 date-time with a zone in the years 0001 to 9999 (UTC), without leap seconds. */
export function isTimestamp(text: string): boolean {
  const parts = RFC_3339.exec(text)
  if (!parts) {
    return false
  }
  const [, year, month, day, hour, minute, second] = parts.map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number
  ]
  const zone = parts[8] as string
  if (hour > 23 || minute > 59 || second > 59) {
    return false
  }
  if (zone.length > 1 && (Number(zone.slice(1, 3)) > 23 || Number(zone.slice(4)) > 59)) {
    return false
  }
  const daysInMonth = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth) {
    return false
  }
  const at = Date.parse(text.toUpperCase())
  return at >= FIRST && at <= LAST
}

/** Returns the form that is stored and sent: UTC, exactly three fraction digits, cut and never rounded up. */
export const normalizeTimestamp = (text: string): string =>
  new Date(text.toUpperCase()).toISOString()

/**
 * Converts PostgreSQL's text of a timestamptz in a UTC session (`2026-01-02 03:04:05.6+00`) to RFC 3339 with three
 * fraction digits.
 */
export function timestampFromDatabase(text: string): string {
  const fraction = text.length > 22 ? text.slice(20, text.length - 3) : ''
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.padEnd(3, '0')}Z`
}
