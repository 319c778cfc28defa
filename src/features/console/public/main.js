import { h, replace } from './lib/dom.js'
import { currentRoute, navigate } from './lib/router.js'
import { isAtLeast, isLoggedIn, onUserChange, setReauthenticate } from './lib/session.js'
import { accountPage } from './pages/account/page.js'
import { auditLogPage } from './pages/admin/audit-log.js'
import { bansPage } from './pages/admin/bans.js'
import { statsPage } from './pages/admin/stats.js'
import { usersPage } from './pages/admin/users.js'
import { confirmEmailPage } from './pages/auth/confirm-email.js'
import { forgotPasswordPage } from './pages/auth/forgot-password.js'
import { loginPage, reauthenticate } from './pages/auth/login.js'
import { registerPage } from './pages/auth/register.js'
import { setPasswordPage } from './pages/auth/set-password.js'
import { csvPage } from './pages/csv/page.js'
import { invitationsPage } from './pages/invitations.js'
import { projectsPage } from './pages/projects/list-page.js'
import { membersPage } from './pages/projects/members-page.js'
import { projectPage } from './pages/projects/page.js'
import { allTasksPage, tasksPage } from './tasks/page.js'
import { trashPage } from './tasks/trash-page.js'
import { showConnection } from './ui/connection-banner.js'
import { confirm } from './ui/dialog.js'
import { hasDirtyForm } from './ui/dirty-forms.js'
import { page as pageNode, setPageTitle } from './ui/page.js'
import { authLayout, shell } from './ui/shell.js'
import { setGlobalShortcuts, setPageShortcuts, showShortcuts } from './ui/shortcuts.js'
import { clearToasts, undoLast } from './ui/toast.js'

/** Pages for users who are not logged in. A page has a title, a node, shortcuts (`keys`) and `stop` for leaving it. */
const PUBLIC_PAGES = {
  '/login': loginPage,
  '/register': registerPage,
  '/forgot': forgotPasswordPage,
  '/confirm': confirmEmailPage,
  '/set-password': setPasswordPage
}
/** Pages for users who are logged in, with the role they require. */
const PAGES = {
  '/tasks': [tasksPage, 'user'],
  '/projects': [projectsPage, 'user'],
  '/invitations': [invitationsPage, 'user'],
  '/trash': [trashPage, 'user'],
  '/csv': [csvPage, 'user'],
  '/account': [accountPage, 'user'],
  '/confirm': [confirmEmailPage, 'user'],
  '/set-password': [setPasswordPage, 'user'],
  '/all-tasks': [allTasksPage, 'manager'],
  '/audit-log': [auditLogPage, 'manager'],
  '/stats': [statsPage, 'manager'],
  '/users': [usersPage, 'admin'],
  '/bans': [bansPage, 'admin']
}
/** What follows the id of a project in the path of a page about it. */
const PROJECT_PAGES = { '': projectPage, '/members': membersPage }
const HOME = '/tasks'

let layout
let page

/** Shows the page of the current route. Users who are not logged in see the log-in first and return afterwards. */
function render({ focus = true } = {}) {
  const { path, query } = currentRoute()
  if (isLoggedIn() && (path === '/' || (PUBLIC_PAGES[path] && !PAGES[path]))) {
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

function focusStart(main) {
  const first = main.querySelector('[autofocus]') ?? main.querySelector('h1')
  first?.focus({ preventScroll: true })
}

function privatePage(path, query) {
  const [, id, rest = ''] = /^\/projects\/([\da-f-]{36})(\/\w+)?$/i.exec(path) ?? []
  if (id && PROJECT_PAGES[rest]) {
    return PROJECT_PAGES[rest](query, id)
  }
  const [createPage, role] = PAGES[path] ?? []
  return createPage && isAtLeast(role) ? createPage(query) : notFoundPage()
}

const notFoundPage = () => ({
  title: 'Page not found',
  node: pageNode(
    { title: 'Page not found' },
    h('p', {}, 'This page does not exist, or your role does not allow it.')
  )
})

const confirmLeaving = () =>
  confirm({
    title: 'Leave without saving?',
    text: 'Your changes in the form are not saved.',
    confirmLabel: 'Leave'
  })

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
onUserChange((user) => {
  // Nothing on the previous user's page is meant for the next user.
  layout = undefined
  for (const dialog of document.querySelectorAll('dialog[open]')) {
    dialog.close()
  }
  if (!user) {
    clearToasts()
  }
  render()
})
setReauthenticate(reauthenticate)
setGlobalShortcuts([
  ['?', 'Show keyboard shortcuts', showShortcuts],
  ['u', 'Undo the last deletion', undoLast],
  ['t', 'Go to your tasks', () => (isLoggedIn() ? navigate('/tasks') : false)],
  ['p', 'Go to your projects', () => (isLoggedIn() ? navigate('/projects') : false)],
  ['a', 'Go to your account', () => (isLoggedIn() ? navigate('/account') : false)]
])
showConnection()
render({ focus: false })
