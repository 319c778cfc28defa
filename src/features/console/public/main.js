import { h, replace } from './lib/dom.js'
import { go, place } from './lib/router.js'
import { isAtLeast, isLoggedIn, onSession, useLogin } from './lib/session.js'
import { accountPage } from './pages/account.js'
import { auditPage } from './pages/audit.js'
import { bansPage } from './pages/bans.js'
import { confirmPage } from './pages/confirm.js'
import { csvPage } from './pages/csv.js'
import { forgotPage } from './pages/forgot.js'
import { askLogin, loginPage } from './pages/login.js'
import { registerPage } from './pages/register.js'
import { statsPage } from './pages/stats.js'
import { usersPage } from './pages/users.js'
import { everybodyPage, tasksPage, trashPage } from './tasks/page.js'
import { showConnection } from './ui/banner.js'
import { confirm } from './ui/dialog.js'
import { porch, shell } from './ui/shell.js'
import { showShortcuts, usePageShortcuts, useShortcuts } from './ui/shortcuts.js'
import { clearToasts, undoLast } from './ui/toast.js'
import { hasUnsent } from './ui/unsent.js'

/** Pages for anyone, and pages with the role they take. A page gives its title, its node, its keys, and `stop` to leave it. */
const OPEN = {
  '/login': loginPage,
  '/register': registerPage,
  '/forgot': forgotPage,
  '/confirm': confirmPage
}
const PAGES = {
  '/tasks': [tasksPage, 'user'],
  '/trash': [trashPage, 'user'],
  '/csv': [csvPage, 'user'],
  '/account': [accountPage, 'user'],
  '/confirm': [confirmPage, 'user'],
  '/everybody': [everybodyPage, 'manager'],
  '/audit': [auditPage, 'manager'],
  '/stats': [statsPage, 'manager'],
  '/users': [usersPage, 'admin'],
  '/bans': [bansPage, 'admin']
}
const HOME = '/tasks'

let frame
let page

/** Shows what the address names; who is not logged in sees the log-in first and comes back to it afterwards. */
function render({ focus = true } = {}) {
  const { path, query } = place()
  if (isLoggedIn() && (path === '/' || OPEN[path]) && path !== '/confirm') {
    go(HOME)
    return
  }
  page?.stop?.()
  frame ??= isLoggedIn() ? shell() : porch()
  page = isLoggedIn() ? pageFor(path, query) : (OPEN[path] ?? loginPage)(query)
  if (!frame.node.isConnected) {
    replace(document.getElementById('app'), frame.node)
  }
  replace(frame.main, page.node)
  frame.mark(path)
  usePageShortcuts(page.keys)
  document.title = `${page.title} · Tasklane`
  scrollTo(0, 0)
  const first = frame.main.querySelector('[autofocus]') ?? frame.main.querySelector('h1')
  if (focus) {
    first?.focus({ preventScroll: true })
  }
}

function pageFor(path, query) {
  const [make, role] = PAGES[path] ?? []
  if (!make || !isAtLeast(role)) {
    return lostPage()
  }
  return make(query)
}

const lostPage = () => ({
  title: 'Not here',
  node: h(
    'section',
    { class: 'page' },
    h('h1', { tabindex: '-1' }, 'There is nothing here'),
    h('p', {}, 'The address is wrong, or this page is not for your role.')
  )
})

addEventListener('hashchange', async ({ oldURL }) => {
  const wanted = location.hash
  if (oldURL !== '' && isLoggedIn() && hasUnsent()) {
    // However one leaves, by link, key or the browser's own button: first back, then the question.
    history.replaceState(null, '', new URL(oldURL).hash)
    if (
      !(await confirm({
        title: 'Leave without saving?',
        text: 'What you have typed in the form is not saved yet.',
        act: 'Leave it'
      }))
    ) {
      return
    }
    history.replaceState(null, '', wanted)
  }
  render()
})
onSession((user) => {
  // Somebody else: nothing of the page before is for them.
  frame = undefined
  for (const dialog of document.querySelectorAll('dialog[open]')) {
    dialog.close()
  }
  if (!user) {
    clearToasts()
  }
  render()
})
useLogin(askLogin)
useShortcuts([
  ['?', 'Show this list', showShortcuts],
  ['u', 'Undo the last deletion', undoLast],
  ['t', 'Go to the tasks', () => (isLoggedIn() ? go('/tasks') : false)],
  ['a', 'Go to your account', () => (isLoggedIn() ? go('/account') : false)]
])
showConnection()
render({ focus: false })
