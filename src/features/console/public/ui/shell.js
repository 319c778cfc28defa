import { call } from '../lib/api.js'
import { h, replace } from '../lib/dom.js'
import { countInvitations, onInvitationCount } from '../lib/my-invitations.js'
import { hashOf } from '../lib/router.js'
import { currentUser, endSession, isAtLeast } from '../lib/session.js'
import { displayName } from '../lib/users.js'
import { button, iconButton } from './button.js'
import { icon } from './icons.js'
import { badge } from './row.js'
import { showShortcuts } from './shortcuts.js'
import { themeButton } from './theme-button.js'
import { toastProblem } from './toast.js'

const INVITATIONS = '/invitations'
/** The links of the navigation: path, label, icon and the role that a page requires. */
const LINKS = [
  ['/tasks', 'Tasks', 'tasks', 'user'],
  ['/projects', 'Projects', 'project', 'user'],
  [INVITATIONS, 'Invitations', 'mail', 'user'],
  ['/trash', 'Trash', 'trash', 'user'],
  ['/csv', 'Import & export', 'csv', 'user'],
  ['/all-tasks', 'All users’ tasks', 'all', 'manager'],
  ['/audit-log', 'Audit log', 'log', 'manager'],
  ['/stats', 'Statistics', 'stats', 'manager'],
  ['/users', 'Users', 'users', 'admin'],
  ['/bans', 'IP bans', 'ban', 'admin']
]

const brand = (tag, attributes = {}) => {
  const src = new URL('../icon.svg', import.meta.url).pathname
  const logo = h('img', { src, alt: '', width: '28', height: '28' })
  return h(tag, { class: 'brand', ...attributes }, logo, 'Tasklane')
}

/** The layout around the pages of a user who is logged in. `main` takes the page. */
export function shell() {
  const main = h('main', { id: 'main' })
  const count = h('span', { class: 'badge badge-accent side-count', hidden: true })
  const side = sidebar(count)
  const menu = menuButton(side)
  onInvitationCount((text) => showCount(text, count, menu))
  countInvitations()
  const toMain = () => main.querySelector('h1')?.focus()
  return {
    main,
    node: h(
      'div',
      { class: 'shell' },
      button('Skip to the main content', toMain, { kind: 'skip' }),
      h('header', { class: 'top' }, menu, brand('a', { href: hashOf('/tasks') })),
      side,
      main
    ),
    /** Marks the link of the current page. */
    markCurrent: (path) => {
      for (const link of side.querySelectorAll('a')) {
        if (link.dataset.path === path) {
          link.setAttribute('aria-current', 'page')
        } else {
          link.removeAttribute('aria-current')
        }
      }
    }
  }
}

/** Shows how many invitations wait, at the link and where the navigation is closed at its button. */
function showCount(text, count, menu) {
  const waiting = `${text} ${text === '1' ? 'invitation' : 'invitations'} to answer`
  count.hidden = text === ''
  replace(count, text, h('span', { class: 'visually-hidden' }, ` ${waiting.replace(/^\S+ /, '')}`))
  menu.setAttribute('aria-label', text === '' ? 'Menu' : `Menu, ${waiting}`)
  menu.classList.toggle('menu-notice', text !== '')
}

function sidebar(count) {
  const userLinks = LINKS.filter(([, , , role]) => role === 'user')
  const adminLinks = LINKS.filter(([, , , role]) => role !== 'user' && isAtLeast(role))
  return h(
    'nav',
    { class: 'side', id: 'side', 'aria-label': 'Main' },
    h(
      'div',
      {},
      h(
        'ul',
        {},
        userLinks.map((link) => linkNode(link, link[0] === INVITATIONS && count))
      ),
      adminLinks.length > 0 && [
        h('p', { class: 'side-title', id: 'admin-links' }, 'Administration'),
        h(
          'ul',
          { 'aria-labelledby': 'admin-links' },
          adminLinks.map((link) => linkNode(link))
        )
      ]
    ),
    h(
      'div',
      { class: 'side-foot' },
      h('ul', {}, h('li', {}, accountLink())),
      h(
        'div',
        { class: 'side-actions' },
        button([icon('logOut'), 'Log out'], logOut, { kind: 'button-quiet' }),
        themeButton(),
        iconButton('help', 'Keyboard shortcuts', showShortcuts, { title: 'Keyboard shortcuts' })
      )
    )
  )
}

const linkNode = ([path, label, picture], count = null) =>
  h('li', {}, h('a', { href: hashOf(path), 'data-path': path }, icon(picture), label, count))

const accountLink = () =>
  h(
    'a',
    { href: hashOf('/account'), 'data-path': '/account' },
    icon('account'),
    h('span', { class: 'user-name' }, displayName(currentUser())),
    badge(currentUser().role)
  )

/** The button that opens and closes the navigation on narrow screens. */
function menuButton(side) {
  const setOpen = (isOpen) => {
    menu.setAttribute('aria-expanded', String(isOpen))
    side.classList.toggle('side-open', isOpen)
  }
  const toggle = () => setOpen(menu.getAttribute('aria-expanded') !== 'true')
  const menu = iconButton('menu', 'Menu', toggle, {
    kind: 'menu-button',
    'aria-expanded': 'false',
    'aria-controls': 'side'
  })
  side.addEventListener('click', (event) => {
    if (event.target.closest('a')) {
      setOpen(false)
    }
  })
  side.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      setOpen(false)
      menu.focus()
    }
  })
  return menu
}

/** The layout around log-in, registration and the like. */
export function authLayout() {
  const main = h('main', { id: 'main', class: 'auth-main' })
  return {
    main,
    markCurrent: () => {},
    node: h(
      'div',
      { class: 'auth-layout' },
      h('header', { class: 'auth-head' }, brand('div'), themeButton()),
      main
    )
  }
}

async function logOut() {
  try {
    await call('POST', '/auth/logout', { retry: true })
  } catch (error) {
    // The tokens are forgotten in any case; the session expires on the server by itself.
    if (error.status !== 401) {
      toastProblem(
        'You are logged out here, but the session on the server could not be ended.',
        error
      )
    }
  }
  endSession()
}
