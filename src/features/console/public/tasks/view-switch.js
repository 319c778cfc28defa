import { h } from '../lib/dom.js'
import { hashOf } from '../lib/router.js'
import { icon } from '../ui/icons.js'
import { layoutOf } from './task-query.js'

const LAYOUTS = [
  ['', 'List', 'list'],
  ['board', 'Board', 'board'],
  ['calendar', 'Calendar', 'calendar']
]

/** Links to the same tasks in another layout. `show(filters)` has them keep the filters. */
export function viewSwitch(path, filters) {
  const links = LAYOUTS.map(([as, label, picture]) => {
    const isCurrent = layoutOf(filters) === (as || 'list')
    const link = h(
      'a',
      { 'aria-current': isCurrent ? 'true' : undefined, title: label },
      icon(picture),
      h('span', { class: 'segment-label' }, label)
    )
    return { as, link }
  })
  return {
    node: h(
      'nav',
      { class: 'segments view-switch', 'aria-label': 'Layout' },
      links.map(({ link }) => link)
    ),
    show: (next) => {
      for (const { as, link } of links) {
        link.href = hashOf(path, { ...next, as })
      }
    }
  }
}
