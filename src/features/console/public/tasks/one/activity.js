import { call, QUIETLY } from '../../lib/api.js'
import { h, replace } from '../../lib/dom.js'
import { personNode } from '../../lib/people.js'
import { isAborted } from '../../lib/problem.js'
import { formatDateTime, formatRelative } from '../../lib/time.js'
import { button } from '../../ui/button.js'
import { panel } from '../../ui/page.js'
import { problemBox } from '../../ui/problem-box.js'
import { wordsOf } from './activity-words.js'

const PAGE_SIZE = 20

/** What happened to a task, in words, newest last. What is earlier is loaded by a button. */
export const activityPanel = (state) => new Activity(state)

class Activity {
  #state
  #abort = new AbortController()
  #list = h('ol', { class: 'activity', tabindex: '-1' })
  #head = h('div', { class: 'activity-head' })
  #earlier
  #shownVersion
  #isLoading = false

  constructor(state) {
    this.#state = state
    this.node = panel('Activity', this.#head, this.#list)
    state.watch(({ version }) => version !== this.#shownVersion && this.#showLatest())
  }

  stop = () => this.#abort.abort()

  #load(cursor, options) {
    const query = { limit: PAGE_SIZE, cursor }
    const { signal } = this.#abort
    return call('GET', `/tasks/${this.#state.task().id}/events`, { query, signal, ...options })
  }

  #showHead() {
    const label = 'Show earlier activity'
    const kind = 'button-quiet button-small'
    replace(this.#head, this.#earlier && button(label, this.#showEarlier, { kind }))
  }

  #fail(error, retry) {
    if (!isAborted(error)) {
      replace(this.#head, problemBox(error, { retry }))
    }
  }

  #showEarlier = async () => {
    try {
      const { data, pagination } = await this.#load(this.#earlier)
      this.#earlier = pagination.next_cursor ?? undefined
      this.#list.prepend(...data.toReversed().map(eventNode))
      const hadFocus = this.#head.contains(document.activeElement)
      this.#showHead()
      if (hadFocus) {
        const next = this.#head.querySelector('button') ?? this.#list
        next.focus({ preventScroll: true })
      }
    } catch (error) {
      this.#fail(error, this.#showEarlier)
    }
  }

  #showLatest = async () => {
    if (this.#isLoading) {
      return
    }
    this.#isLoading = true
    const { version } = this.#state.task()
    try {
      const page = await this.#load(undefined, this.#shownVersion && QUIETLY)
      this.#addLatest(page)
      this.#shownVersion = version
      this.#showHead()
    } catch (error) {
      if (this.#shownVersion === undefined) {
        this.#fail(error, this.#showLatest)
      }
    }
    this.#isLoading = false
    if (this.#shownVersion && this.#state.task().version > version) {
      this.#showLatest()
    }
  }

  /** Adds the events that are not shown yet. More of them than a page are a new start. */
  #addLatest({ data, pagination }) {
    const shown = new Set([...this.#list.children].map(({ dataset }) => dataset.id))
    const isConnected = shown.size > 0 && data.some(({ id }) => shown.has(id))
    if (!isConnected) {
      this.#list.replaceChildren()
      this.#earlier = pagination.next_cursor ?? undefined
    }
    const fresh = isConnected ? data.filter(({ id }) => !shown.has(id)) : data
    this.#list.append(...fresh.toReversed().map(eventNode))
  }
}

const eventNode = (event) =>
  h(
    'li',
    { 'data-id': event.id },
    wordsOf(event).map((words) =>
      h('p', {}, h('span', {}, personNode(event.actor_id, { isFirst: true })), ' ', words)
    ),
    h(
      'time',
      { datetime: event.created_at, title: formatDateTime(event.created_at), class: 'muted' },
      formatRelative(event.created_at)
    )
  )
