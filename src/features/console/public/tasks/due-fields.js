import { fromLocalInput, isDate, toLocalInput, ZONE } from '../lib/time.js'
import { field } from '../ui/form.js'

/** Creates the fields of a due date and its time. A date alone makes an all-day task. */
export function dueFields(before) {
  const [date, clock = ''] = isDate(before) ? [before] : toLocalInput(before).split('T')
  const due = field({
    label: 'Due',
    name: 'due_date',
    type: 'date',
    value: date,
    max: '9999-12-31'
  })
  const time = field({
    label: 'Time',
    name: 'due_time',
    type: 'time',
    value: clock,
    hint: `Empty for the whole day; in your time zone (${ZONE}).`
  })
  const value = () => {
    if (due.input.value === date && time.input.value === clock) {
      return before
    }
    return time.input.value
      ? fromLocalInput(`${due.input.value}T${time.input.value}`)
      : due.input.value || null
  }
  return { due: { ...due, value }, time }
}
