import { h } from '../lib/dom.js'
import { formatDayInFull } from '../lib/time.js'
import { openDialog } from '../ui/dialog.js'
import { muted } from '../ui/page.js'
import { chip } from './calendar-grid.js'

/** Shows all tasks of a day. */
export function showDay(date, tasks, { openTask }) {
  return openDialog({
    title: formatDayInFull(date),
    body: (close) => {
      const open = (task) => {
        close()
        openTask(task)
      }
      return tasks.length === 0
        ? muted('Nothing is due on this day.')
        : h(
            'ul',
            { class: 'day-list' },
            tasks.map((task) => h('li', {}, chip(task, { openTask: open })))
          )
    }
  })
}
