import { h, replace } from '../lib/dom.js'
import { logOut } from '../lib/log-in.js'
import { countInvitations, onInvitationCount } from '../lib/my-invitations.js'
import { hashOf } from '../lib/router.js'
import { currentUser, isAtLeast } from '../lib/session.js'
import { displayName } from '../lib/users.js'
import { button, iconButton } from './button.js'
import { icon } from './icons.js'
import { paletteButton } from './palette.js'
import { badge } from './row.js'
import { savedViewLinks } from './saved-views.js'
import { showShortcuts } from './shortcuts.js'
import { themeButton } from './theme-button.js'
import { toastProblem } from './toast.js'

const TASKS = '/tasks'
const INVITATIONS = '/invitations'
/** The links of the navigation: path, label, icon and the role that a page requires. */
const LINKS = [
  ['/today', 'Today', 'today', 'user'],
  ['/upcoming', 'Upcoming', 'calendar', 'user'],
  [TASKS, 'Tasks', 'tasks', 'user'],
  ['/projects', 'Projects', 'project', 'user'],
  [INVITATIONS, 'Invitations', 'mail', 'user'],
  ['/trash', 'Trash', 'trash', 'user'],
  ['/csv', 'Import & export', 'csv', 'user'],
  ['/webhooks', 'Webhooks', 'hook', 'user'],
  ['/stats', 'Statistics', 'stats', 'user'],
  ['/all-tasks', 'All users’ tasks', 'all', 'manager'],
  ['/audit-log', 'Audit log', 'log', 'manager'],
  ['/users', 'Users', 'users', 'admin'],
  ['/bans', 'IP bans', 'ban', 'admin']
]

/** Returns the pages that the user may open: path, label, icon and role. */
export const pagesOfUser = () => [
  ...LINKS.filter(([, , , role]) => isAtLeast(role)),
  ['/account', 'Account', 'account', 'user']
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
  const views = savedViewLinks()
  const side = sidebar(count, views.node)
  const { menu, scrim } = menuButton(side)
  onInvitationCount((text) => showCount(text, count, menu))
  countInvitations()
  const toMain = () => main.querySelector('h1')?.focus()
  return {
    main,
    node: h(
      'div',
      { class: 'shell' },
      button('Skip to the main content', toMain, { kind: 'skip' }),
      h('header', { class: 'top' }, menu, brand('a', { href: hashOf('/tasks') }), paletteButton()),
      side,
      scrim,
      main
    ),
    /** Marks the link of the current page. */
    markCurrent: (path) => {
      views.markCurrent()
      for (const link of side.querySelectorAll('[data-path]')) {
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

function sidebar(count, views) {
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
        userLinks.map((link) => [
          linkNode(link, link[0] === INVITATIONS && count),
          link[0] === TASKS && h('li', {}, views)
        ])
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
        button([icon('logOut'), 'Log out'], logOutHere, { kind: 'button-quiet' }),
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

/**
 * The button that opens and closes the navigation on narrow screens, and what covers the page meanwhile: a tap on it,
 * Escape and the focus elsewhere close the navigation as well.
 */
function menuButton(side) {
  const isOpen = () => menu.getAttribute('aria-expanded') === 'true'
  const setOpen = (next) => {
    menu.setAttribute('aria-expanded', String(next))
    side.classList.toggle('side-open', next)
    scrim.hidden = !next
  }
  const menu = iconButton('menu', 'Menu', () => setOpen(!isOpen()), {
    kind: 'menu-button',
    'aria-expanded': 'false',
    'aria-controls': 'side'
  })
  const scrim = h('div', { class: 'side-scrim', hidden: true, onclick: () => setOpen(false) })
  side.addEventListener('click', (event) => {
    if (event.target.closest('a')) {
      setOpen(false)
    }
  })
  for (const part of [menu, side]) {
    part.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && isOpen()) {
        setOpen(false)
        menu.focus()
      }
    })
  }
  side.addEventListener('focusout', ({ relatedTarget }) => {
    const isElsewhere = relatedTarget?.closest('.side, .top') === null
    if (isElsewhere && !relatedTarget.closest('dialog')) {
      setOpen(false)
    }
  })
  return { menu, scrim }
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

/** Logs out, and says so where the server could not be told. */
export async function logOutHere() {
  try {
    await logOut()
  } catch (error) {
    const text = 'You are logged out here, but the session on the server could not be ended.'
    toastProblem(text, error)
  }
}
