import { addDays, dateFromToday, noonOf } from './time.js'

const DAYS = 7
const monthName = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric' })
const shortDay = new Intl.DateTimeFormat(undefined, { weekday: 'short' })
const longDay = new Intl.DateTimeFormat(undefined, { weekday: 'long' })

/** Returns a month (YYYY-MM), or the present one when what is given is none. */
export const monthOf = (text) =>
  /^[12]\d{3}-(0[1-9]|1[0-2])$/.test(text ?? '') ? text : dateFromToday(0).slice(0, 7)

export const formatMonth = (month) => monthName.format(noonOf(`${month}-01`))

/** Returns the month that is some months after another. */
export function addMonths(month, count) {
  const [year, number] = month.split('-').map(Number)
  const months = year * 12 + number - 1 + count
  return monthOf(`${Math.floor(months / 12)}-${String((months % 12) + 1).padStart(2, '0')}`)
}

/** The day a week begins with where the user is: 1 is Monday, 7 Sunday. */
function firstWeekday() {
  const locale = new Intl.Locale(new Intl.DateTimeFormat().resolvedOptions().locale)
  return (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1
}

/** Returns the weeks that a month touches, as dates. */
export function weeksOf(month) {
  const first = `${month}-01`
  const before = (noonOf(first).getDay() - firstWeekday() + DAYS) % DAYS
  const weeks = []
  for (let from = addDays(first, -before); from.slice(0, 7) <= month; from = addDays(from, DAYS)) {
    weeks.push(Array.from({ length: DAYS }, (_, day) => addDays(from, day)))
  }
  return weeks
}

/** Returns what the days of a week are called, short and in full. */
export const weekdaysOf = (week) =>
  week.map((date) => [shortDay.format(noonOf(date)), longDay.format(noonOf(date))])
