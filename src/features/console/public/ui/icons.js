import { svg } from '../lib/dom.js'

const PATHS = {
  tasks: 'M4 6.5l1.5 1.5L8 5.5M4 12.5l1.5 1.5L8 11.5M11 7h5M11 13h5',
  all: [
    'M7 9a2.5 2.5 0 100-5 2.5 2.5 0 000 5zM2.5 16c.4-2.8 2.2-4.2 4.5-4.2s4.1 1.4 4.5 4.2',
    'M13 9a2 2 0 100-4M14 12c1.9.2 3.1 1.5 3.4 3.7'
  ].join(''),
  project: 'M3 5.5h5l1.5 2H17v8.5H3z',
  mail: 'M3 5h14v10.5H3zM3.5 5.5L10 11l6.5-5.5',
  trash: 'M4 6h12M8 6V4h4v2M5.5 6l.7 10h7.6l.7-10M8.5 9v4M11.5 9v4',
  csv: 'M10 3v9M6.5 8.5L10 12l3.5-3.5M4 15.5h12',
  hook: 'M11 3L4.5 11.5H9L8.5 17l6.5-8.5h-4.5z',
  users: 'M10 9.5a3 3 0 100-6 3 3 0 000 6zM4 16.5c.6-3.3 2.9-5 6-5s5.4 1.7 6 5',
  log: 'M5 3.5h10v13H5zM7.5 7h5M7.5 10h5M7.5 13h3',
  ban: 'M10 17a7 7 0 100-14 7 7 0 000 14zM5 5l10 10',
  stats: 'M4 16V9M8 16V4M12 16v-5M16 16V7',
  account: 'M10 10a3 3 0 100-6 3 3 0 000 6zM10 17a7 7 0 100-14 7 7 0 000 14z',
  menu: 'M3.5 6h13M3.5 10h13M3.5 14h13',
  sun: [
    'M10 13.5a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18',
    'M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M15.7 4.3l-1.1 1.1M5.4 14.6l-1.1 1.1'
  ].join(''),
  logOut: 'M8 4H4.5v12H8M12 6.5L15.5 10 12 13.5M15 10H8',
  search: 'M9 14.5a5.5 5.5 0 100-11 5.5 5.5 0 000 11zM13 13l4 4',
  filter: 'M3 5.5h14M5.5 10h9M8.5 14.5h3',
  list: 'M7 5.5h10M7 10h10M7 14.5h10M3.5 5.5h.2M3.5 10h.2M3.5 14.5h.2',
  board: 'M3.5 4h3.5v12H3.5zM8.3 4h3.5v8H8.3zM13 4h3.5v10H13z',
  calendar: 'M3.5 5h13v11.5h-13zM3.5 8.5h13M7 3v3M13 3v3',
  today: 'M3.5 5h13v11.5h-13zM3.5 8.5h13M7 3v3M13 3v3M8 12l1.5 1.5 3-3',
  star: 'M10 3.5l2 4.3 4.7.6-3.5 3.2.9 4.7-4.1-2.3-4.1 2.3.9-4.7-3.5-3.2 4.7-.6z',
  comment: 'M4 4.5h12v8.5H9.5L6 16v-3H4z',
  left: 'M12 5l-5 5 5 5',
  right: 'M8 5l5 5-5 5',
  clock: 'M10 17a7 7 0 100-14 7 7 0 000 14zM10 6v4.3l2.7 1.7',
  edit: 'M4 16l.7-3.2L13 4.5l2.5 2.5-8.3 8.3z',
  history: 'M4 10a6 6 0 106-6 6 6 0 00-4.5 2M4 3.5V7h3.5M10 7v3.3l2.3 1.4',
  close: 'M5 5l10 10M15 5L5 15',
  plus: 'M10 4v12M4 10h12',
  tick: 'M4.5 10.5l3.7 3.7 7.3-8',
  copy: 'M7 7V3.5h9.5V13H13M3.5 7H13v9.5H3.5z',
  undo: 'M7 4L3.5 7.5 7 11M4 7.5h7.5a4.5 4.5 0 010 9H8',
  key: 'M7 13.5a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM10.3 10H17M14 10v2.5M17 10v2',
  help: 'M7.5 7.5A2.5 2.5 0 1110 10v1.5M10 14.5v.2'
}

/** A small picture beside a label, hidden from screen readers. */
export const icon = (name) =>
  svg(
    'svg',
    { class: 'icon', viewBox: '0 0 20 20', 'aria-hidden': 'true', focusable: 'false' },
    svg('path', {
      d: PATHS[name],
      fill: 'none',
      stroke: 'currentColor',
      'stroke-width': '1.6',
      'stroke-linecap': 'round',
      'stroke-linejoin': 'round'
    })
  )
