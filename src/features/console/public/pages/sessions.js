import { call } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { start } from '../lib/session.js'
import { fullTime, sinceText } from '../lib/time.js'
import { emptyState, endless } from '../ui/endless.js'
import { panel } from '../ui/panel.js'
import { toast, toastProblem } from '../ui/toast.js'

/** Where one is logged in. */
export function sessionsPanel() {
  const list = endless({
    counted: ['session', 'sessions'],
    load: (cursor, signal) => call('GET', '/auth/sessions', { query: { cursor }, signal }),
    row: (session) => sessionRow(session, list),
    empty: () => emptyState('No session', 'You are logged in nowhere.')
  })
  list.reload()
  const endOthers = async () => {
    try {
      await call('DELETE', '/auth/sessions')
      toast('You are logged in only here.')
      list.reload()
    } catch (error) {
      toastProblem('The other sessions have not ended.', error)
    }
  }
  return {
    stop: list.stop,
    node: panel(
      'Sessions',
      list.node,
      h(
        'div',
        { class: 'actions' },
        h('button', { type: 'button', class: 'button', onclick: endOthers }, 'End all others')
      )
    )
  }
}

function sessionRow(session, list) {
  const software = softwareOf(session.user_agent)
  const end = async () => {
    try {
      await call('DELETE', `/auth/sessions/${session.id}`)
      if (session.current) {
        start(undefined)
        return
      }
      row.remove()
      list.recount()
      toast('The session has ended.')
    } catch (error) {
      toastProblem('The session has not ended.', error)
    }
  }
  const row = h(
    'li',
    { class: 'row' },
    h(
      'div',
      { class: 'row-main' },
      h(
        'p',
        { class: 'row-title' },
        software,
        ' ',
        session.current && h('span', { class: 'badge badge-accent' }, 'this one')
      ),
      h(
        'p',
        { class: 'row-facts' },
        h('span', {}, 'From ', session.address_prefix),
        h(
          'span',
          { title: fullTime(session.last_used_at) },
          'Used ',
          sinceText(session.last_used_at)
        ),
        h('span', { title: fullTime(session.created_at) }, 'Since ', fullTime(session.created_at))
      )
    ),
    h(
      'div',
      { class: 'row-acts' },
      h(
        'button',
        {
          type: 'button',
          class: 'button button-small',
          onclick: end,
          'aria-label': session.current
            ? 'Log out of this session'
            : `End the session of ${software}`
        },
        session.current ? 'Log out' : 'End'
      )
    )
  )
  return row
}

/** What people recognise in the name that software gives itself. */
function softwareOf(agent) {
  if (agent === null) {
    return 'Unnamed software'
  }
  const browser = [
    ['Edg/', 'Edge'],
    ['Firefox/', 'Firefox'],
    ['HeadlessChrome/', 'Headless Chrome'],
    ['Chrome/', 'Chrome'],
    ['Safari/', 'Safari']
  ].find(([mark]) => agent.includes(mark))?.[1]
  const system = [
    ['Android', 'Android'],
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Windows', 'Windows'],
    ['Mac OS', 'macOS'],
    ['Linux', 'Linux']
  ].find(([mark]) => agent.includes(mark))?.[1]
  return browser ? [browser, system].filter(Boolean).join(' on ') : agent.slice(0, 60)
}
