import { h } from '../lib/dom.js'
import { isMadeHere } from '../lib/writes.js'
import { infiniteList } from '../ui/infinite-list.js'
import { keepLive } from '../ui/keep-live.js'
import { showOnCard, taskCard, taskOf } from './board-card.js'
import { STATUSES } from './labels.js'
import { loadTasks } from './task-list.js'

const PAGE_SIZE = 20

/**
 * Creates the column of a status. `query()` says which tasks it shows; it is not loaded again while `isHeld()` says
 * that a card is being dragged.
 */
export function boardColumn(status, { query, project, cardOptions, isHeld, onRefresh }) {
  const count = h('span', { class: 'count' })
  let current
  const list = infiniteList({
    noun: ['task', 'tasks'],
    byHand: true,
    more: 'Show more',
    list: h('ul', { class: 'board-cards', 'aria-label': STATUSES[status] }),
    load: (cursor, signal, quietly) =>
      loadTasks({ ...current, limit: PAGE_SIZE, cursor }, signal, quietly),
    row: (task) => taskCard(task, cardOptions),
    update: (card, task) => {
      if (card.getAttribute('aria-busy') !== 'true') {
        showOnCard(card, task, cardOptions)
      }
      return card
    },
    keep: (card) => card.matches('[aria-busy=true]'),
    empty: () => h('p', { class: 'board-empty' }, 'No tasks')
  })
  const source = {
    list: list.list,
    refresh: list.refresh,
    get isIdle() {
      return list.isIdle && !isHeld()
    },
    get hasDeferred() {
      return list.hasDeferred
    }
  }
  const live = keepLive(source, {
    concerns: (change) => concernsColumn(change, { list: list.list, status, project }),
    project,
    onRefresh
  })
  return {
    status,
    list: list.list,
    node: h(
      'section',
      { class: 'board-column', 'data-status': status },
      h('h2', { class: 'board-head' }, STATUSES[status], ' ', count),
      list.node
    ),
    showCount: (number) => {
      count.textContent = number.toLocaleString()
    },
    reload: () => {
      current = { ...query(), status: [status] }
      list.reload()
    },
    refresh: live.refresh,
    updateFoot: list.updateCount,
    stop: () => {
      live.stop()
      list.stop()
    }
  }
}

/** Tells whether a column may differ after a change. */
function concernsColumn(change, { list, status, project }) {
  const { type, resource, project_id, data } = change
  const isHere = project === undefined || project_id === project.id
  if (resource.type !== 'task') {
    return isHere && /^(access\.|project\.(deleted|restored))/.test(type)
  }
  const card = list.querySelector(`[data-id="${resource.id}"]`)
  if (card) {
    return (resource.version ?? Number.POSITIVE_INFINITY) > taskOf(card).version
  }
  return isHere && !isMadeHere(change) && data?.status === status
}
