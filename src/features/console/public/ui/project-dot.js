import { svg } from '../lib/dom.js'

/** The colour of a project as a dot, hidden from screen readers. */
export const projectDot = (color) =>
  svg(
    'svg',
    { class: 'dot', viewBox: '0 0 10 10', 'aria-hidden': 'true', focusable: 'false' },
    svg('circle', { cx: '5', cy: '5', r: '4.5', ...(color && { fill: color }) })
  )
