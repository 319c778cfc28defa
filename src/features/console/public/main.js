import './ui/composition.js'
import { h, replace } from './lib/dom.js'
import { restoreSession } from './lib/log-in.js'
import { currentRoute, hashOf, navigate } from './lib/router.js'
import { isAtLeast, isLoggedIn, onUserChange, setReauthenticate } from './lib/session.js'
import { loginPage, reauthenticate } from './pages/auth/login.js'
import { allTasksPage, tasksPage, todayPage, upcomingPage } from './tasks/page.js'
import { showConnection } from './ui/connection-banner.js'
import { confirm } from './ui/dialog.js'
import { hasDirtyForm } from './ui/dirty-forms.js'
import { lazyPage, loadLater } from './ui/lazy-page.js'
import { page as pageNode, setPageTitle } from './ui/page.js'
import { openPalette, PALETTE_KEYS, setCommands } from './ui/palette.js'
import { findCommands } from './ui/palette-commands.js'
import { authLayout, shell } from './ui/shell.js'
import { onUndoKey, setGlobalShortcuts, setPageShortcuts, showShortcuts } from './ui/shortcuts.js'
import { clearToasts, undoLast } from './ui/toast.js'

const registerPage = lazyPage('Create account', 'registerPage')
const confirmEmailPage = lazyPage('Confirm your email', 'confirmEmailPage')
const setPasswordPage = lazyPage('Choose your password', 'setPasswordPage')

/** Pages for users who are not logged in. A page has a title, a node, shortcuts (`keys`) and `stop` for leaving it. */
const PUBLIC_PAGES = {
  '/login': loginPage,
  '/register': registerPage,
  '/forgot': lazyPage('Forgot your password', 'forgotPasswordPage'),
  '/confirm': confirmEmailPage,
  '/set-password': setPasswordPage
}
/** Pages for users who are logged in, with the role they require. */
const PAGES = {
  '/tasks': [tasksPage, 'user'],
  '/today': [todayPage, 'user'],
  '/upcoming': [upcomingPage, 'user'],
  '/projects': [lazyPage('Projects', 'projectsPage'), 'user'],
  '/invitations': [lazyPage('Invitations', 'invitationsPage'), 'user'],
  '/trash': [lazyPage('Trash', 'trashPage'), 'user'],
  '/csv': [lazyPage('Import & export', 'csvPage'), 'user'],
  '/webhooks': [lazyPage('Webhooks', 'webhooksPage'), 'user'],
  '/account': [lazyPage('Your account', 'accountPage'), 'user'],
  '/confirm': [confirmEmailPage, 'user'],
  '/register': [registerPage, 'user'],
  '/set-password': [setPasswordPage, 'user'],
  '/all-tasks': [allTasksPage, 'manager'],
  '/audit-log': [lazyPage('Audit log', 'auditLogPage'), 'manager'],
  '/stats': [lazyPage('Statistics', 'statsPage'), 'user'],
  '/users': [lazyPage('Users', 'usersPage'), 'admin'],
  '/bans': [lazyPage('IP bans', 'bansPage'), 'admin']
}
/** Pages about one thing, by what its id stands between in the path. */
const PAGES_OF_ONE = {
  '/projects': lazyPage('Project', 'projectPage'),
  '/projects/members': lazyPage('Members', 'membersPage'),
  '/tasks': lazyPage('Task', 'taskPage'),
  '/webhooks': lazyPage('Webhook', 'webhookPage')
}
const HOME = '/tasks'

const whenIdle = globalThis.requestIdleCallback ?? setTimeout

let layout
let page

/** Shows the page of the current route. Users who are not logged in see the log-in first and return afterwards. */
function render({ focus = true } = {}) {
  const { path, query } = currentRoute()
  if (isLoggedIn() && isForStrangers(path, query)) {
    navigate(HOME)
    return
  }
  page?.stop?.()
  layout ??= isLoggedIn() ? shell() : authLayout()
  page = isLoggedIn() ? privatePage(path, query) : (PUBLIC_PAGES[path] ?? loginPage)(query)
  if (!layout.node.isConnected) {
    replace(document.getElementById('app'), layout.node)
  }
  replace(layout.main, page.node)
  layout.markCurrent(path.replace(/^(\/\w[\w-]*).*/, '$1'))
  setPageShortcuts(page.keys)
  setPageTitle(page.title)
  scrollTo(0, 0)
  if (focus) {
    focusStart(layout.main)
  }
}

/** Tells of what has no use for a user: all pages before the log-in, but those that a link in an email leads to. */
const isForStrangers = (path, query) =>
  path === '/register'
    ? !query.has('invitation_token')
    : path === '/' || (PUBLIC_PAGES[path] && !PAGES[path])

function focusStart(main) {
  const first = main.querySelector('[autofocus]') ?? main.querySelector('h1')
  first?.focus({ preventScroll: true })
}

function privatePage(path, query) {
  const [, of, id, rest = ''] = /^(\/\w+)\/([\da-f-]{36})(\/\w+)?$/i.exec(path) ?? []
  if (id && PAGES_OF_ONE[of + rest]) {
    return PAGES_OF_ONE[of + rest](query, id)
  }
  const [createPage, role] = PAGES[path] ?? []
  return createPage && isAtLeast(role) ? createPage(query) : notFoundPage()
}

const notFoundPage = () => ({
  title: 'Page not found',
  node: pageNode(
    { title: 'Page not found' },
    h('p', {}, 'This page does not exist, or your role does not allow it.'),
    h('p', {}, h('a', { href: hashOf(HOME) }, 'Go to your tasks'))
  )
})

const confirmLeaving = () =>
  confirm({
    title: 'Leave without saving?',
    text: 'Your changes in the form are not saved.',
    confirmLabel: 'Leave'
  })

showConnection()
// Without a log-in page in between: most who come have been here before.
await restoreSession()

addEventListener('hashchange', async ({ oldURL }) => {
  const wanted = location.hash
  if (oldURL !== '' && isLoggedIn() && hasDirtyForm()) {
    // A hash change cannot be cancelled, so the route is restored while the user decides.
    history.replaceState(null, '', new URL(oldURL).hash)
    if (!(await confirmLeaving())) {
      return
    }
    history.replaceState(null, '', wanted)
  }
  render()
})
onUserChange(() => {
  // Nothing on the previous user's page is meant for the next user.
  layout = undefined
  for (const dialog of document.querySelectorAll('dialog[open]')) {
    dialog.close()
  }
  clearToasts()
  render()
})
setReauthenticate(reauthenticate)
setCommands(findCommands)
setGlobalShortcuts([
  [PALETTE_KEYS, 'Open the command palette', openPalette],
  ['?', 'Show keyboard shortcuts', showShortcuts],
  ['u', 'Undo the last change', undoLast],
  ['t', 'Go to your tasks', () => (isLoggedIn() ? navigate('/tasks') : false)],
  ['p', 'Go to your projects', () => (isLoggedIn() ? navigate('/projects') : false)],
  ['a', 'Go to your account', () => (isLoggedIn() ? navigate('/account') : false)]
])
onUndoKey(undoLast)
render({ focus: false })
// Other pages then open at once. One that cannot be loaded now is asked for again when it is opened.
whenIdle(() => loadLater().catch(() => {}))
