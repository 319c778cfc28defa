/** The user's time zone. Times are shown and entered in it; the API uses UTC timestamps. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const dayAndYear = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  year: 'numeric'
})
const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })

export const formatDateTime = (iso) => dateTime.format(new Date(iso))
export const formatDay = (iso) => day.format(new Date(iso))

/** Counts the midnights between now and `then`. */
function daysUntil(then, now = new Date()) {
  const midnight = (date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
  return Math.round((midnight(then) - midnight(now)) / 86_400_000)
}

/** Formats a due date: today 17:00, tomorrow 09:00, 3 Mar. */
export function formatDue(iso) {
  const date = new Date(iso)
  const days = daysUntil(date)
  if (Math.abs(days) <= 1) {
    return `${capitalize(relative.format(days, 'day'))} ${clock.format(date)}`
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

export const isOverdue = (task) =>
  task.due_date !== null && task.status !== 'done' && new Date(task.due_date) < new Date()

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

/** Returns the start of the local day that is `days` from today. */
export function startOfDay(days) {
  const date = new Date()
  date.setHours(0, 0, 0, 0)
  date.setDate(date.getDate() + days)
  return date.toISOString()
}

const capitalize = (text) => text.charAt(0).toUpperCase() + text.slice(1)
