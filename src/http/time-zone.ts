import { Type } from '@sinclair/typebox'
import { invalidField } from '../core/problem.ts'
import { closestTimeZone, findTimeZone, type TimeZone } from '../lib/time-zone.ts'

/** The parameter `time_zone`; the names are too many, and change too often, for an enum. */
export const TimeZoneName = (description: string) =>
  Type.String({
    minLength: 1,
    maxLength: 64,
    pattern: '^[A-Za-z][A-Za-z0-9_+/-]*$',
    'x-hint': 'must be an IANA name such as Europe/Berlin',
    description: `${description} An IANA name such as \`Europe/Berlin\`; an unknown one is a 400.`
  })

/** Returns the zone that the parameter `time_zone` names, if it is given; throws when there is no such zone. */
export function readTimeZone(name: string | undefined): TimeZone | undefined {
  if (name === undefined) {
    return undefined
  }
  const zone = findTimeZone(name)
  if (!zone) {
    const guess = closestTimeZone(name)
    const end = guess ? `; did you mean ${guess}?` : ' such as Europe/Berlin.'
    const detail = `time_zone must be an IANA name${end}`
    throw invalidField('query', '/time_zone', 'unknown_value', detail)
  }
  return zone
}
