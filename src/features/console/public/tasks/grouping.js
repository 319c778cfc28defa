import { h } from '../lib/dom.js'
import { keepingPlace } from '../ui/patch-rows.js'
import { projectDot } from '../ui/project-dot.js'
import { colorOf, groupKeyOfRow, labelOf, rankOf } from './groups.js'

const HEAD = '.group-head'
export const isGroupHead = (node) => node.matches(HEAD)

/**
 * Keeps the rows of a list in groups, each below a head with the number of its rows, whatever adds, changes or removes
 * them. `options()` say by what: `{ grouping, isDescending, order }`, or undefined for no groups.
 */
export function keepGrouped(list, options) {
  const heads = new Map()
  const arrange = () => {
    const by = options()
    const wanted = by ? arranged(list, heads, by) : ungrouped(list)
    if (!isSame([...list.children], wanted)) {
      keepingPlace(list, isTypedIn, () => keepingFocus(list, () => putInOrder(list, wanted)))
    }
    observer.takeRecords()
  }
  const observer = new MutationObserver(arrange)
  observer.observe(list, {
    childList: true,
    subtree: true,
    attributeFilter: ['data-due', 'data-status', 'data-priority', 'data-project', 'data-deleted']
  })
  return {
    /** Makes the heads anew, for another grouping. */
    reset: () => {
      heads.clear()
      arrange()
    },
    stop: () => observer.disconnect()
  }
}

const isTypedIn = (row) => row.matches('.task-editing')
const ungrouped = (list) => [...list.children].filter((node) => !isGroupHead(node))

/** Returns the nodes that the list is to have. */
function arranged(list, heads, by) {
  const groups = new Map()
  let before
  for (const row of ungrouped(list)) {
    // What is being saved has no group yet, and stays where it is.
    const key = groupKeyOfRow(row, by.grouping) ?? before ?? ''
    before = key
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups]
    .sort(([a], [b]) => rankOf(a, by) - rankOf(b, by))
    .flatMap(([key, rows]) =>
      key === '' ? rows : [headOf(key, rows.length, { heads, by }), ...rows]
    )
}

function headOf(key, count, { heads, by }) {
  const head = heads.get(key) ?? createHead(key, by)
  heads.set(key, head)
  const number = head.querySelector('.count')
  if (number.textContent !== count.toLocaleString()) {
    number.textContent = count.toLocaleString()
  }
  return head
}

function createHead(key, { grouping }) {
  const [label, detail] = labelOf(key, grouping)
  return h(
    'li',
    { class: `group-head group-${key}` },
    h(
      'h2',
      {},
      grouping === 'project' && projectDot(colorOf(key, grouping)),
      label,
      detail && h('span', { class: 'group-detail' }, ' ', detail),
      ' ',
      h('span', { class: 'count' })
    )
  )
}

const isSame = (a, b) => a.length === b.length && a.every((node, index) => node === b[index])

/** Rows stay where they are as long as they can: the one with the focus would lose it. */
function putInOrder(list, wanted) {
  for (const node of [...list.children].filter(
    (one) => !wanted.includes(one) || isGroupHead(one)
  )) {
    node.remove()
  }
  let next = list.firstElementChild
  for (const node of wanted) {
    if (node === next) {
      next = next.nextElementSibling
    } else {
      list.insertBefore(node, next)
    }
  }
}

function keepingFocus(list, change) {
  const focused = list.contains(document.activeElement) ? document.activeElement : undefined
  change()
  if (focused && focused !== document.activeElement) {
    focused.focus({ preventScroll: true })
  }
}
