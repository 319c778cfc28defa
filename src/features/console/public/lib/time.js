/** Times are shown and typed in the person's own zone; the API speaks of instants. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone

const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const dayAndYear = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  year: 'numeric'
})
const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })

export const fullTime = (iso) => full.format(new Date(iso))
export const shortDay = (iso) => day.format(new Date(iso))

/** How many midnights lie between now and then. */
function daysUntil(then, now = new Date()) {
  const midnight = (date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
  return Math.round((midnight(then) - midnight(now)) / 86_400_000)
}

/** A due date as people say it: today 17:00, tomorrow 09:00, 3 Mar. */
export function dueText(iso) {
  const date = new Date(iso)
  const days = daysUntil(date)
  if (Math.abs(days) <= 1) {
    return `${capital(ago.format(days, 'day'))} ${clock.format(date)}`
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

/** How long ago, or how soon. */
export function sinceText(iso) {
  const seconds = (new Date(iso) - Date.now()) / 1000
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? []
  return unit ? ago.format(Math.trunc(seconds / size), unit) : 'just now'
}

export const isOverdue = (task) =>
  task.due_date !== null && task.status !== 'done' && new Date(task.due_date) < new Date()

/** For `<input type="datetime-local">`, which knows neither zones nor, as we use it, seconds. */
export function localInput(iso) {
  const date = new Date(iso || Number.NaN)
  if (Number.isNaN(date.getTime())) {
    return ''
  }
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** What was typed there, as an instant. */
export const instantOf = (text) => (text === '' ? null : new Date(text).toISOString())

/** The start of a day, so many days from today. */
export function startOfDay(days) {
  const date = new Date()
  date.setHours(0, 0, 0, 0)
  date.setDate(date.getDate() + days)
  return date.toISOString()
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1)
