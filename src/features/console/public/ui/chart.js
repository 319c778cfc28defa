import { h, svg } from '../lib/dom.js'
import { shortDay } from '../lib/time.js'

const WIDTH = 600
const HEIGHT = 140
const GAP = 3

/** The same numbers for those who do not look at pictures, or want to copy them. */
const asTable = (heads, rows) =>
  h(
    'details',
    { class: 'as-table' },
    h('summary', {}, 'As a table'),
    h(
      'div',
      { class: 'table-box table-low', tabindex: '0', role: 'region', 'aria-label': 'Numbers' },
      h(
        'table',
        { class: 'numbers' },
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            heads.map((head) => h('th', { scope: 'col' }, head))
          )
        ),
        h(
          'tbody',
          {},
          rows.map(([first, ...rest]) =>
            h(
              'tr',
              {},
              h('th', { scope: 'row' }, first),
              rest.map((value) => h('td', {}, value.toLocaleString()))
            )
          )
        )
      )
    )
  )

/** Parts of a whole, beside each other in one bar. `parts` are `[words, number, colour class]`. */
export function shareChart(label, parts) {
  const total = parts.reduce((sum, [, number]) => sum + number, 0)
  let x = 0
  const bars = parts
    .filter(([, number]) => number > 0)
    .map(([words, number, colour]) => {
      const width = (number / total) * WIDTH
      const bar = svg(
        'rect',
        { x, y: 0, width: Math.max(1, width - GAP), height: 28, rx: 4, class: colour },
        svg('title', {}, `${words}: ${number}`)
      )
      x += width
      return bar
    })
  const said = parts.map(([words, number]) => `${words} ${number}`).join(', ')
  return h(
    'figure',
    { class: 'chart' },
    h('figcaption', {}, label, h('strong', {}, total.toLocaleString())),
    total > 0
      ? svg(
          'svg',
          {
            viewBox: `0 0 ${WIDTH} 28`,
            preserveAspectRatio: 'none',
            class: 'chart-bar',
            role: 'img',
            'aria-label': `${label}: ${said}`
          },
          bars
        )
      : h('p', { class: 'muted' }, 'Nothing to count yet.'),
    h(
      'ul',
      { class: 'legend' },
      parts.map(([words, number, colour]) =>
        h(
          'li',
          {},
          svg(
            'svg',
            { viewBox: '0 0 10 10', class: 'swatch', 'aria-hidden': 'true' },
            svg('rect', { width: 10, height: 10, rx: 3, class: colour })
          ),
          words,
          h('strong', {}, number.toLocaleString())
        )
      )
    )
  )
}

/** A column for each day. `days` are `[ISO day, number]`, oldest first. */
export function dayChart(label, days, colour) {
  const most = Math.max(1, ...days.map(([, number]) => number))
  const step = WIDTH / days.length
  const columns = days.map(([day, number], at) => {
    const height = (number / most) * (HEIGHT - 4)
    return svg(
      'g',
      {},
      svg('title', {}, `${shortDay(`${day}T12:00`)}: ${number}`),
      svg('rect', { x: at * step, y: 0, width: step, height: HEIGHT, class: 'chart-hover' }),
      svg('rect', {
        x: at * step + GAP / 2,
        y: number === 0 ? HEIGHT - 2 : HEIGHT - height,
        width: step - GAP,
        height: number === 0 ? 2 : height,
        rx: 2,
        class: number === 0 ? 'c-none' : colour
      })
    )
  })
  const sum = days.reduce((all, [, number]) => all + number, 0)
  return h(
    'figure',
    { class: 'chart' },
    h('figcaption', {}, label, h('strong', {}, sum.toLocaleString())),
    svg(
      'svg',
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: 'none',
        class: 'chart-days',
        role: 'img',
        'aria-label': `${label}: ${sum} in ${days.length} days, ${most} on the busiest day`
      },
      columns
    ),
    h(
      'div',
      { class: 'axis', 'aria-hidden': 'true' },
      h('span', {}, shortDay(`${days[0][0]}T12:00`)),
      h('span', {}, `at most ${most.toLocaleString()} a day`),
      h('span', {}, shortDay(`${days.at(-1)[0]}T12:00`))
    ),
    asTable(['Day (UTC)', label], days)
  )
}
