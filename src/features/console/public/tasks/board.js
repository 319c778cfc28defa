import { h, newId } from '../lib/dom.js'
import { navigate } from '../lib/router.js'
import { dragging } from '../ui/drag.js'
import { keyboardDragging } from '../ui/keyboard-drag.js'
import { accessTo } from './access.js'
import { showOnCard, taskCard, taskOf } from './board-card.js'
import { boardColumn } from './board-column.js'
import { moveOnBoard, tellMoved } from './board-move.js'
import { boardKeys, boardPlaces } from './board-places.js'
import { STATUSES } from './labels.js'
import { selectableCards } from './selectable.js'
import { withSelection } from './selection.js'
import { filterQuery, MANUAL, sortOf } from './task-query.js'

/** Creates the board of the tasks that match `filters()`: a column for each status, between which cards are dragged. */
export function taskBoard({ filters, onChange, onRefresh, ...options }) {
  const hint = h(
    'p',
    { id: newId('hint'), class: 'visually-hidden' },
    'Press Space to move the task.'
  )
  const isManual = () => sortOf(filters(), options) === MANUAL
  const refreshAll = () => {
    for (const column of columns) {
      column.refresh()
    }
    onChange()
  }
  const cardOptions = {
    hintId: hint.id,
    showProject: options.project === undefined,
    open: ({ id }) => navigate(`/tasks/${id}`)
  }
  const query = () => ({
    ...filterQuery(filters(), options),
    sort: sortOf(filters(), options)
  })
  const isHeld = () => moves.isHeld()
  const columns = Object.keys(STATUSES).map((status) =>
    boardColumn(status, { query, project: options.project, cardOptions, isHeld, onRefresh })
  )
  const board = h(
    'div',
    { class: 'board', role: 'region', 'aria-label': 'Board', tabindex: '0' },
    columns.map(({ node }) => node)
  )
  const context = { columns, cardOptions, isManual, onChange, refreshAll }
  const moves = boardMoves(board, context)
  const view = {
    node: h('div', { class: 'board-box' }, hint, board, moves.node),
    list: columns[0].list,
    keys: [],
    reload: () => {
      for (const column of columns) {
        column.reload()
      }
    },
    add: (task, draft) => addCard(task, draft, context),
    showCounts: ({ by_status }) => {
      for (const column of columns) {
        column.showCount(by_status[column.status])
      }
    },
    stop: () => {
      moves.cancel()
      for (const column of columns) {
        column.stop()
      }
    }
  }
  return withSelection(view, { tasks: selectableCards(board), onChange: refreshAll })
}

/** Has cards moved, by pointer and by keyboard. */
function boardMoves(board, context) {
  const { columns, isManual } = context
  const places = boardPlaces(columns, isManual)
  const drop = (card) => dropCard(card, places.take(), context)
  const pick = (target) => {
    const card = target.matches('.select-box') ? undefined : target.closest('.card-task')
    return card && isMovable(card) ? card : undefined
  }
  const pointer = dragging(board, { pick, over: places.over, drop, cancel: places.clear })
  const keyboard = keyboardDragging(board, byKeyboard({ pick, places, drop }))
  board.addEventListener('keydown', boardKeys(columns))
  return {
    node: keyboard.node,
    isHeld: () => pointer.isDragging() || keyboard.isHolding(),
    cancel: pointer.cancel
  }
}

/** A new task is at the end of a manual order, and on top of any other. */
function addCard(task, draft, { columns, cardOptions, isManual }) {
  const { list, updateFoot } = columns.find(({ status }) => status === task.status)
  list.querySelector(`[data-id="${task.id}"]`)?.remove()
  draft?.remove()
  const card = taskCard(task, cardOptions)
  isManual() ? list.append(card) : list.prepend(card)
  updateFoot()
}

/** What is done by keyboard, and what is read out then. */
const byKeyboard = ({ pick, places, drop }) => ({
  pick: (target) => (target.matches('.task-title') ? pick(target) : undefined),
  start: (card) => `Picked up ${taskOf(card).title}. ${places.start(card)} ${HOW}`,
  move: places.step,
  drop: (card) => {
    const where = places.describe()
    drop(card)
    return `Dropped ${taskOf(card).title}. ${where}`
  },
  cancel: (card) => {
    places.clear()
    return `${taskOf(card).title} stays where it was.`
  }
})

const HOW = 'Arrows move it, Space drops it, Escape leaves it where it was.'

const isMovable = (card) =>
  card.getAttribute('aria-busy') !== 'true' && accessTo(taskOf(card)) !== 'read'

/** Puts a card where it was dropped, and back if the server refuses. */
async function dropCard(card, place, { columns, ...options }) {
  const { cardOptions, isManual, onChange, refreshAll } = options
  const task = taskOf(card)
  const from = { list: card.parentElement, next: card.nextElementSibling }
  if (!place || isSamePlace(card, place, isManual())) {
    return
  }
  const { column, before } = place
  const body = { status: column.status, ...(isManual() && neighbourOf(card, place)) }
  const origin = { status: task.status, ...(isManual() && neighbourOf(card, placeOf(from))) }
  putIn(column.list, card, isManual() ? before : column.list.firstElementChild)
  card.setAttribute('aria-busy', 'true')
  updateFeet(columns)
  const moved = await moveOnBoard(task, body)
  card.removeAttribute('aria-busy')
  if (moved) {
    showOnCard(card, moved, cardOptions)
    tellMoved(moved, task, { origin, onUndone: refreshAll })
    onChange()
    isManual() || column.refresh()
    return
  }
  putIn(from.list, card, placeOf(from).before)
  updateFeet(columns)
  refreshAll()
}

/** Where a card was; the next one may be gone. */
const placeOf = ({ list, next }) => ({
  column: { list },
  before: next?.parentElement === list ? next : null
})

const isSamePlace = (card, { column, before }, isManual) => {
  const isSameColumn = column.status === taskOf(card).status
  return isSameColumn && (!isManual || before === card || before === card.nextElementSibling)
}

/** Which task it is dropped beside; none in an empty column, or where its place may not be changed. */
function neighbourOf(card, { column, before }) {
  if (accessTo(taskOf(card)) !== 'edit') {
    return {}
  }
  const cards = [...column.list.querySelectorAll('.card-task')].filter((one) => one !== card)
  const at = before ? cards.indexOf(before) : cards.length
  if (at > 0) {
    return { after_id: taskOf(cards[at - 1]).id }
  }
  return before ? { before_id: taskOf(before).id } : {}
}

/** An element that is moved loses the focus. */
function putIn(list, card, before) {
  const hadFocus = card.contains(document.activeElement)
  list.insertBefore(card, before)
  if (hadFocus) {
    card.querySelector('.task-title').focus()
  }
}

const updateFeet = (columns) => {
  for (const { updateFoot } of columns) {
    updateFoot()
  }
}
