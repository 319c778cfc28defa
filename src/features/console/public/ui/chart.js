import { h, svg } from '../lib/dom.js'
import { formatDay } from '../lib/time.js'
import { tableHead } from './table.js'

const WIDTH = 600
const HEIGHT = 140
const GAP = 3

/** One bar cut into the parts of a whole. `parts` are `[label, number, color class]`. */
export function shareChart(title, parts) {
  const total = parts.reduce((sum, [, number]) => sum + number, 0)
  return h(
    'figure',
    { class: 'chart' },
    h('figcaption', {}, title, h('strong', {}, total.toLocaleString())),
    total > 0
      ? shareBar(title, parts, total)
      : h('p', { class: 'muted' }, 'There is nothing to count yet.'),
    legend(parts)
  )
}

function shareBar(title, parts, total) {
  let x = 0
  const bars = parts
    .filter(([, number]) => number > 0)
    .map(([label, number, color]) => {
      const width = (number / total) * WIDTH
      const bar = svg(
        'rect',
        { x, y: 0, width: Math.max(1, width - GAP), height: 28, rx: 4, class: color },
        svg('title', {}, `${label}: ${number}`)
      )
      x += width
      return bar
    })
  const description = parts.map(([label, number]) => `${label} ${number}`).join(', ')
  return svg(
    'svg',
    {
      viewBox: `0 0 ${WIDTH} 28`,
      preserveAspectRatio: 'none',
      class: 'chart-bar',
      role: 'img',
      'aria-label': `${title}: ${description}`
    },
    bars
  )
}

const legend = (parts) =>
  h(
    'ul',
    { class: 'legend' },
    parts.map(([label, number, color]) =>
      h('li', {}, swatch(color), label, h('strong', {}, number.toLocaleString()))
    )
  )

const swatch = (color) =>
  svg(
    'svg',
    { viewBox: '0 0 10 10', class: 'swatch', 'aria-hidden': 'true' },
    svg('rect', { width: 10, height: 10, rx: 3, class: color })
  )

const HEADS = { day: 'Day', week: 'Week from' }

/**
 * A column for each day, or for each week with `by: 'week'`. `days` are `[ISO date, number]`, oldest first, in UTC
 * unless `zone` is `local`.
 */
export function dayChart(title, days, color, { by = 'day', zone = 'UTC' } = {}) {
  const most = Math.max(...days.map(([, number]) => number))
  const max = Math.max(1, most)
  const total = days.reduce((sum, [, number]) => sum + number, 0)
  return h(
    'figure',
    { class: 'chart' },
    h('figcaption', {}, title, h('strong', {}, total.toLocaleString())),
    svg(
      'svg',
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: 'none',
        class: 'chart-days',
        role: 'img',
        'aria-label': `${title}: ${total} in ${days.length} ${by}s, ${most} ${busiest(by)}`
      },
      days.map((day, index) => dayColumn(day, { index, step: WIDTH / days.length, max, color }))
    ),
    h(
      'div',
      { class: 'axis', 'aria-hidden': 'true' },
      h('span', {}, dayLabel(days[0][0])),
      h('span', {}, `most ${most.toLocaleString()} a ${by}`),
      h('span', {}, dayLabel(days.at(-1)[0]))
    ),
    dataTable([zone === 'UTC' ? `${HEADS[by]} (UTC)` : HEADS[by], title], days)
  )
}

const busiest = (by) => (by === 'day' ? 'on the busiest day' : 'in the busiest week')

const dayLabel = (day) => formatDay(`${day}T12:00`)

function dayColumn([day, number], { index, step, max, color }) {
  const height = number === 0 ? 2 : (number / max) * (HEIGHT - 4)
  return svg(
    'g',
    {},
    svg('title', {}, `${dayLabel(day)}: ${number}`),
    svg('rect', { x: index * step, y: 0, width: step, height: HEIGHT, class: 'chart-hover' }),
    svg('rect', {
      x: index * step + GAP / 2,
      y: HEIGHT - height,
      width: step - GAP,
      height,
      rx: 2,
      class: number === 0 ? 'c-none' : color
    })
  )
}

/** The numbers of a chart as a table, for screen readers and for copying. */
const dataTable = (heads, rows) =>
  h(
    'details',
    { class: 'as-table' },
    h('summary', {}, 'Show as table'),
    h(
      'div',
      { class: 'table-box table-short', tabindex: '0', role: 'region', 'aria-label': 'Numbers' },
      h('table', { class: 'numbers' }, tableHead(heads), h('tbody', {}, rows.map(tableRow)))
    )
  )

const tableRow = ([first, ...rest]) =>
  h(
    'tr',
    {},
    h('th', { scope: 'row' }, first),
    rest.map((value) => h('td', {}, value.toLocaleString()))
  )
