export type DateOrder = 'dmy' | 'mdy'

/** The months by their names in English, German, French, Spanish, Italian and Dutch, without accents. */
const MONTHS = [
  'january januar janvier enero gennaio januari',
  'february februar fevrier febrero febbraio februari',
  'march marz mrz mars marzo maart mrt',
  'april avril abril aprile',
  'may mai mayo maggio mei',
  'june juni juin junio giugno',
  'july juli juillet julio luglio',
  'august aout agosto augustus',
  'september septembre septiembre settembre',
  'october oktober octobre octubre ottobre',
  'november novembre noviembre',
  'december dezember decembre diciembre dicembre'
].map((names) => names.split(' '))

/** Most dates are in the form of ISO 8601 already. */
const USUAL = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z)?$/
const YEAR_FIRST = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$/
const BASIC = /^((?:19|20)\d{2})(\d{2})(\d{2})$/
const DOTTED = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/
const SLASHED = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/
/** Read where the order is known only: the form is too rare to tell one. */
const DASHED = /^(\d{1,2})-(\d{1,2})-(\d{4})$/
const DAY_MONTH = /^(\d{1,2})[ ./-]+(\p{L}{3,})[ ./-]+(\d{4}|\d{2})$/iu
const MONTH_DAY = /^(\p{L}{3,})\.? (\d{1,2}),? (\d{4})$/iu
const TIME =
  /^(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?(?: ?([ap])\.?m\.?)?(?: ?(z|utc|[+-]\d{2}:?\d{2}))?$/i

/** Day and month in a text whose order only the file can tell. */
type Ambiguous = { first: number; second: number }

type YearMonthDay = [year: string, month: string | number, day: string | number]

/** Returns day and month of a date that is written with slashes, year last; undefined for any other text. */
export function slashedDate(text: string): Ambiguous | undefined {
  if (!text.includes('/') && !text.includes('\uff0f')) {
    return undefined
  }
  const [date = ''] = splitTime(clean(text))[0].split(/,? /, 1)
  const [, first, second] = SLASHED.exec(date) ?? []
  return first === undefined ? undefined : { first: Number(first), second: Number(second) }
}

/** Returns the order that a date allows only; undefined where it allows both or none. */
export function orderOf({ first, second }: Ambiguous): DateOrder | undefined {
  if (first > 12 && second <= 12) {
    return 'dmy'
  }
  return second > 12 && first <= 12 ? 'mdy' : undefined
}

/** Returns whether a date means two days, depending on the order. */
export const isAmbiguous = ({ first, second }: Ambiguous): boolean =>
  first <= 12 && second <= 12 && first !== second

/**
 * Returns what programs and people write as date, with or without a time, in the form of ISO 8601: `2026-01-31`, or
 * `2026-01-31T09:00:00` with the zone that it has. Returns a text that is no date as it is. Day and month with slashes
 * need an order, unless they allow one only.
 */
export function isoDate(text: string, order?: DateOrder): string {
  if (USUAL.test(text)) {
    return text
  }
  const cleaned = clean(text)
  const [date, time] = splitTime(cleaned)
  const parts = dateParts(date, order)
  if (!parts) {
    return text.trim()
  }
  const iso = parts.map((part) => String(part).padStart(2, '0')).join('-')
  if (time === undefined) {
    return iso
  }
  const isoTime = timeOf(time)
  return isoTime === undefined ? text.trim() : `${iso}T${isoTime}`
}

/** Marks of direction around a date, and digits of full width, come from copying. */
const clean = (text: string): string =>
  text
    .replace(/[\u200e\u200f\u061c]/g, '')
    .normalize('NFKC')
    .trim()
    .replace(/\s+/g, ' ')

/** Separates `2026-01-31T09:00` and `Jan 31, 2026, 9:00 AM` before the time, which begins before the first colon. */
function splitTime(text: string): [date: string, time?: string] {
  const colon = text.indexOf(':')
  const head = colon < 0 ? text : text.slice(0, colon)
  const at = Math.max(head.lastIndexOf(' '), head.search(/(?<=\d)t(?=\d)/i))
  return colon < 0 || at < 0
    ? [text]
    : [text.slice(0, at).replace(/,?( at)?$/i, ''), text.slice(at + 1)]
}

function dateParts(text: string, order: DateOrder | undefined): YearMonthDay | undefined {
  const yearFirst = YEAR_FIRST.exec(text)
  if (yearFirst) {
    return [yearFirst[1] as string, yearFirst[3] as string, yearFirst[4] as string]
  }
  const basic = BASIC.exec(text)
  if (basic) {
    return [basic[1] as string, basic[2] as string, basic[3] as string]
  }
  const dotted = DOTTED.exec(text)
  if (dotted) {
    return [dotted[3] as string, dotted[2] as string, dotted[1] as string]
  }
  return slashedParts(text, order) ?? namedParts(text)
}

function slashedParts(text: string, order: DateOrder | undefined): YearMonthDay | undefined {
  const date = slashedDate(order === undefined ? text : text.replace(DASHED, '$1/$2/$3'))
  const year = (SLASHED.exec(text) ?? DASHED.exec(text))?.[3]
  if (!date || year === undefined) {
    return undefined
  }
  const { first, second } = date
  const known = order ?? orderOf(date) ?? (first === second ? 'dmy' : undefined)
  if (known === undefined) {
    return undefined
  }
  return known === 'dmy' ? [year, second, first] : [year, first, second]
}

function namedParts(text: string): YearMonthDay | undefined {
  const [, day, name, shortYear] = DAY_MONTH.exec(text) ?? []
  const [, otherName, otherDay, otherYear] = MONTH_DAY.exec(text) ?? []
  const month = monthOf(name ?? otherName ?? '')
  const year = shortYear ?? otherYear
  if (month === undefined || year === undefined) {
    return undefined
  }
  return [year.length === 2 ? `20${year}` : year, month, (day ?? otherDay) as string]
}

/** Returns the number of a month that a name means, or its beginning; undefined where that means several, or none. */
function monthOf(name: string): number | undefined {
  const word = name.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '')
  const found = MONTHS.flatMap((names, i) =>
    word !== '' && names.some((each) => each.startsWith(word)) ? [i + 1] : []
  )
  return found.length === 1 ? found[0] : undefined
}

/** Returns a time of day as `09:00:00`, with the zone that it has; undefined for another text. */
function timeOf(text: string): string | undefined {
  const [, hour, minute, second = '00', fraction = '', half, zone = ''] = TIME.exec(text) ?? []
  if (hour === undefined) {
    return undefined
  }
  const hours = half === undefined ? Number(hour) : hourOfDay(Number(hour), half)
  if (hours === undefined) {
    return undefined
  }
  return `${String(hours).padStart(2, '0')}:${minute}:${second}${fraction}${isoZone(zone)}`
}

/** Returns the hour of a twelve-hour clock; undefined for one that such a clock does not show. */
function hourOfDay(hour: number, half: string): number | undefined {
  if (hour < 1 || hour > 12) {
    return undefined
  }
  return (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0)
}

function isoZone(zone: string): string {
  if (/^(z|utc)$/i.test(zone)) {
    return 'Z'
  }
  return zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')
}
