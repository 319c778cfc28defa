let library

/** Loads what reads dates in words, when it is needed first. Without it nothing is taken for a date. */
export function loadDates() {
  library ??= import('../vendor/chrono-node/locales/en/index.js').then(createReader, () => {
    library = undefined
    return () => undefined
  })
  return library
}

/** How many characters of a title are looked at. */
const MAX_LENGTH = 400
/** Years have four digits; in this one a zone may be a year ahead. */
const LAST_YEAR = 9999

/** Creates `read(text, now)`, which finds the first date in a text: where it is, and what `due_date` it means. */
function createReader({ casual, GB }) {
  const isMonthFirst = /-US$/i.test(navigator.language)
  const chrono = (isMonthFirst ? casual : GB).clone()
  chrono.parsers.unshift(DAY_WITH_DOTS, GERMAN_DAY)
  return (text, now = new Date()) => {
    const results = chrono.parse(text.slice(0, MAX_LENGTH), now, { forwardDate: true })
    for (const result of results.filter(isMeant)) {
      const due_date = dueOf(result, now)
      if (due_date !== undefined) {
        return { start: result.index, end: result.index + result.text.length, due_date }
      }
    }
    return undefined
  }
}

/** 31.12. and 31.12.2026, which are days first everywhere. */
const DAY_WITH_DOTS = {
  pattern: () => /(\d{1,2})\.(\d{1,2})\.(\d{4})?(?![\d.])/,
  extract: ({ refDate, text }, { 1: day, 2: month, 3: year, index }) =>
    /[\d.]/.test(text[index - 1] ?? '')
      ? null
      : dayIn(refDate, { day: Number(day), month: Number(month), year: year && Number(year) })
}

/** Without a year it is the next such day; 29 February may be years away. */
function dayIn(now, { day, month, year }) {
  const years = Array.from({ length: 9 }, (_, i) => now.getFullYear() + i)
  const isThere = (one) => {
    const date = new Date(one, month - 1, day, 23, 59)
    const isDay = date.getMonth() === month - 1 && date.getDate() === day
    return isDay && (year !== undefined || date >= now)
  }
  const chosen = (year === undefined ? years : [year]).find(isThere)
  return chosen === undefined ? null : { day, month, year: chosen }
}

const GERMAN = { heute: 0, morgen: 1, übermorgen: 2 }
const GERMAN_DAY = {
  pattern: () => /(?<!\p{L})(heute|morgen|übermorgen)(?!\p{L})/iu,
  extract: ({ refDate }, [, word]) => {
    const date = new Date(refDate)
    date.setDate(date.getDate() + GERMAN[word.toLowerCase()])
    return { day: date.getDate(), month: date.getMonth() + 1, year: date.getFullYear() }
  }
}

/** A version such as 2.10, a range such as 10-12, a fraction and a word such as may are no dates by themselves. */
function isMeant({ text, start }) {
  const hasDay = ['day', 'weekday', 'hour'].some((part) => start.isCertain(part))
  return (
    !/^(\d{1,2}[.-]\d{1,2}|\d\/\d)$/.test(text) &&
    !/^(now|second|this|last .*|\d+ .* ago|yesterday)$/i.test(text) &&
    (hasDay || /^(in|next|within|this|end)\b|\blater$/i.test(text))
  )
}

/** Returns the timestamp of a date with a time, and the day of one without. Undefined when no task can be due then. */
function dueOf({ start }, now) {
  const date = start.date()
  if (!(date.getFullYear() < LAST_YEAR)) {
    return undefined
  }
  if (start.isCertain('hour')) {
    const isTimeAlone = !start.isCertain('day') && !start.isCertain('weekday')
    if (isTimeAlone && date < now) {
      date.setDate(date.getDate() + 1)
    }
    return date < now ? undefined : date.toISOString()
  }
  const endOfDay = new Date(date)
  endOfDay.setHours(23, 59, 59, 999)
  const pad = (number, length = 2) => String(number).padStart(length, '0')
  return endOfDay < now
    ? undefined
    : `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
}
