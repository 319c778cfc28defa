import { call } from '../../lib/api.js'
import { h } from '../../lib/dom.js'
import { logOut } from '../../lib/log-in.js'
import { formatDateTime, formatRelative } from '../../lib/time.js'
import { button, rowButton } from '../../ui/button.js'
import { emptyState } from '../../ui/empty-state.js'
import { infiniteList } from '../../ui/infinite-list.js'
import { actions, panel } from '../../ui/page.js'
import { badge, rowActions, rowDetails, rowMain } from '../../ui/row.js'
import { toast, toastProblem } from '../../ui/toast.js'

/** Lists where the user is logged in. */
export function sessionsPanel() {
  const list = infiniteList({
    noun: ['session', 'sessions'],
    load: (cursor, signal) => call('GET', '/auth/sessions', { query: { cursor }, signal }),
    row: (session) => sessionRow(session, list),
    empty: () => emptyState('No sessions', 'You are not logged in anywhere.')
  })
  list.reload()
  const endOthers = async () => {
    try {
      await call('DELETE', '/auth/sessions')
      toast('All other sessions have ended.')
      list.reload()
    } catch (error) {
      toastProblem('The other sessions could not be ended.', error)
    }
  }
  return {
    stop: list.stop,
    node: panel('Sessions', list.node, actions(button('End all other sessions', endOthers)))
  }
}

function sessionRow(session, list) {
  const client = clientOf(session.user_agent)
  const end = async () => {
    try {
      await call('DELETE', `/auth/sessions/${session.id}`)
      if (session.current) {
        await logOut().catch(() => {})
        return
      }
      row.remove()
      list.updateCount()
      toast('Session ended.')
    } catch (error) {
      toastProblem('The session could not be ended.', error)
    }
  }
  const time = (label, iso, text) => h('span', { title: formatDateTime(iso) }, label, text)
  const row = h(
    'li',
    { class: 'row' },
    rowMain(
      [client, ' ', session.current && badge('current', 'badge-accent')],
      rowDetails(
        h('span', {}, 'IP ', session.address_prefix),
        time('Last used ', session.last_used_at, formatRelative(session.last_used_at)),
        time('Since ', session.created_at, formatDateTime(session.created_at))
      )
    ),
    rowActions(
      session.current
        ? rowButton('Log out', 'Log out of this session', end)
        : rowButton('End', `End the session of ${client}`, end)
    )
  )
  return row
}

const BROWSERS = [
  ['Edg/', 'Edge'],
  ['Firefox/', 'Firefox'],
  ['HeadlessChrome/', 'Headless Chrome'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari']
]
const SYSTEMS = [
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Windows', 'Windows'],
  ['Mac OS', 'macOS'],
  ['Linux', 'Linux']
]

/** Names the browser and the operating system of a user agent, or shows its beginning. */
function clientOf(userAgent) {
  if (userAgent === null) {
    return 'Unknown client'
  }
  const find = (names) => names.find(([mark]) => userAgent.includes(mark))?.[1]
  const browser = find(BROWSERS)
  return browser ? [browser, find(SYSTEMS)].filter(Boolean).join(' on ') : userAgent.slice(0, 60)
}
