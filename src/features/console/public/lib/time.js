/** The user's time zone. Times are shown and entered in it; the API uses UTC timestamps. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const dayAndYear = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  year: 'numeric'
})
const fullDay = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' })
const dayInFull = new Intl.DateTimeFormat(undefined, {
  weekday: 'long',
  day: 'numeric',
  month: 'long'
})
const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })

export const formatDateTime = (iso) => dateTime.format(new Date(iso))
export const formatDay = (iso) => day.format(new Date(iso))

/** Returns when a task is due: a timestamp, or the date (YYYY-MM-DD) of an all-day task; null when it is not. */
export const dueOf = ({ due_date, all_day }) => (all_day && due_date ? toDate(due_date) : due_date)
/** Returns the date of a timestamp in UTC. */
export const toDate = (iso) => iso.slice(0, 10)
export const isDate = (due) => due?.length === 10

/** Returns noon of a date where the user is, so that it is shown as that very day. */
export function noonOf(due) {
  const [year, month, dayOfMonth] = due.split('-').map(Number)
  const date = new Date(2000, 0, 1, 12)
  date.setFullYear(year, month - 1, dayOfMonth)
  return date
}

/** Returns the date (YYYY-MM-DD) of a due date where the user is. */
export const dateOf = (due) => (isDate(due) ? due : toDate(toLocalInput(due)))
/** Formats a date: 3 Mar. */
export const formatDate = (date) => day.format(noonOf(date))
/** Formats a date with its weekday: Monday 3 March. */
export const formatDayInFull = (date) => dayInFull.format(noonOf(date))
export const formatClock = (iso) => clock.format(new Date(iso))
export const weekdayOf = (date) => weekday.format(noonOf(date))
/** Returns the date that is some days after another. */
export function addDays(date, days) {
  const then = noonOf(date)
  then.setDate(then.getDate() + days)
  return toDate(toLocalInput(then))
}

/** Returns a due date on another date: a timestamp keeps its time of day where the user is. */
export function dueOn(due, date) {
  if (isDate(due)) {
    return date
  }
  const before = new Date(due)
  const then = noonOf(date)
  then.setHours(
    before.getHours(),
    before.getMinutes(),
    before.getSeconds(),
    before.getMilliseconds()
  )
  return then.toISOString()
}

/** Formats a due date in full. */
export const formatDueInFull = (due) =>
  isDate(due) ? fullDay.format(noonOf(due)) : formatDateTime(due)

/** Counts the midnights between now and `then`. */
function daysUntil(then, now = new Date()) {
  const midnight = (date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
  return Math.round((midnight(then) - midnight(now)) / 86_400_000)
}

/** Formats a due date: today 17:00, tomorrow, 3 Mar. */
export function formatDue(due) {
  const date = isDate(due) ? noonOf(due) : new Date(due)
  const days = daysUntil(date)
  if (Math.abs(days) <= 1) {
    const nearby = capitalize(relative.format(days, 'day'))
    return isDate(due) ? nearby : `${nearby} ${clock.format(date)}`
  }
  return (date.getFullYear() === new Date().getFullYear() ? day : dayAndYear).format(date)
}

const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60]
]

/** Formats how long ago, or how soon, a timestamp is. */
export function formatRelative(iso) {
  const seconds = (new Date(iso) - Date.now()) / 1000
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? []
  return unit ? relative.format(Math.trunc(seconds / size), unit) : 'just now'
}

export function isOverdue(task) {
  const due = dueOf(task)
  if (due === null || task.status === 'done') {
    return false
  }
  return isDate(due) ? daysUntil(noonOf(due)) < 0 : new Date(due) < new Date()
}

/** Converts a timestamp to the value of `<input type="datetime-local">`: local time without zone and seconds. */
export function toLocalInput(iso) {
  const date = new Date(iso || Number.NaN)
  if (Number.isNaN(date.getTime())) {
    return ''
  }
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** Converts the value of such an input back to a timestamp, null when it is empty. */
export const fromLocalInput = (text) => (text === '' ? null : new Date(text).toISOString())

/** Returns the date (YYYY-MM-DD) that is `days` from today where the user is. */
export function dateFromToday(days) {
  const date = new Date()
  date.setHours(12, 0, 0, 0)
  date.setDate(date.getDate() + days)
  return toDate(toLocalInput(date))
}

const capitalize = (text) => text.charAt(0).toUpperCase() + text.slice(1)
