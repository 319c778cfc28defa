import { call } from '../lib/api.js'
import { h } from '../lib/dom.js'
import { hashOf } from '../lib/router.js'
import { isAtLeast, start, user } from '../lib/session.js'
import { icon } from './icons.js'
import { showShortcuts } from './shortcuts.js'
import { toast, toastProblem } from './toast.js'

/** Where one can go: path, words, picture, the role it takes. */
const PLACES = [
  ['/tasks', 'Tasks', 'tasks', 'user'],
  ['/trash', 'Trash', 'trash', 'user'],
  ['/csv', 'Import & export', 'csv', 'user'],
  ['/everybody', 'Everybody’s tasks', 'all', 'manager'],
  ['/audit', 'Audit log', 'log', 'manager'],
  ['/stats', 'Statistics', 'stats', 'manager'],
  ['/users', 'Users', 'users', 'admin'],
  ['/bans', 'Bans', 'ban', 'admin']
]

const brand = () =>
  h(
    'a',
    { class: 'brand', href: hashOf('/tasks') },
    h('img', {
      src: new URL('../icon.svg', import.meta.url).pathname,
      alt: '',
      width: '28',
      height: '28'
    }),
    'Tasklane'
  )

/** The frame around every page of somebody who is logged in; `main` is where the page goes. */
export function shell() {
  const main = h('main', { id: 'main' })
  const who = user()
  const link = ([path, words, picture]) =>
    h('li', {}, h('a', { href: hashOf(path), 'data-path': path }, icon(picture), words))
  const own = PLACES.filter(([, , , role]) => role === 'user')
  const office = PLACES.filter(([, , , role]) => role !== 'user' && isAtLeast(role))
  const side = h(
    'nav',
    { class: 'side', id: 'side', 'aria-label': 'Main' },
    h(
      'div',
      {},
      h('ul', {}, own.map(link)),
      office.length > 0 && h('p', { class: 'side-title', id: 'office' }, 'Administration'),
      office.length > 0 && h('ul', { 'aria-labelledby': 'office' }, office.map(link))
    ),
    h(
      'div',
      { class: 'side-foot' },
      h(
        'ul',
        {},
        h(
          'li',
          {},
          h(
            'a',
            { href: hashOf('/account'), 'data-path': '/account' },
            icon('account'),
            h('span', { class: 'who' }, who.name ?? who.username ?? who.email),
            h('span', { class: 'badge' }, who.role)
          )
        )
      ),
      h(
        'div',
        { class: 'side-acts' },
        h(
          'button',
          { type: 'button', class: 'button button-quiet', onclick: logOut },
          icon('leave'),
          'Log out'
        ),
        themeButton(),
        h(
          'button',
          {
            type: 'button',
            class: 'icon-button',
            'aria-label': 'Keyboard shortcuts',
            title: 'Keyboard shortcuts',
            onclick: showShortcuts
          },
          icon('help')
        )
      )
    )
  )
  const menu = h(
    'button',
    {
      type: 'button',
      class: 'icon-button menu-button',
      'aria-label': 'Menu',
      'aria-expanded': 'false',
      'aria-controls': 'side',
      onclick: () => openMenu(menu.getAttribute('aria-expanded') !== 'true')
    },
    icon('menu')
  )
  const openMenu = (isOpen) => {
    menu.setAttribute('aria-expanded', String(isOpen))
    side.classList.toggle('side-open', isOpen)
  }
  side.addEventListener('click', (event) => {
    if (event.target.closest('a')) {
      openMenu(false)
    }
  })
  side.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      openMenu(false)
      menu.focus()
    }
  })
  const node = h(
    'div',
    { class: 'shell' },
    h(
      'button',
      { type: 'button', class: 'skip button', onclick: () => main.querySelector('h1')?.focus() },
      'Skip to the page'
    ),
    h('header', { class: 'top' }, menu, brand()),
    side,
    main
  )
  /** Says where one is, to eyes and to screen readers. */
  const mark = (path) => {
    for (const a of side.querySelectorAll('a')) {
      a.dataset.path === path
        ? a.setAttribute('aria-current', 'page')
        : a.removeAttribute('aria-current')
    }
  }
  return { node, main, mark }
}

/** The frame around log-in and its like. */
export function porch() {
  const main = h('main', { id: 'main', class: 'porch-main' })
  return {
    main,
    mark: () => {},
    node: h(
      'div',
      { class: 'porch' },
      h(
        'header',
        { class: 'porch-head' },
        h(
          'div',
          { class: 'brand' },
          h('img', {
            src: new URL('../icon.svg', import.meta.url).pathname,
            alt: '',
            width: '28',
            height: '28'
          }),
          'Tasklane'
        ),
        themeButton()
      ),
      main
    )
  }
}

async function logOut() {
  try {
    await call('POST', '/auth/logout', { repeat: true })
  } catch (error) {
    // The tokens are forgotten all the same; the session itself runs out by itself.
    if (error.status !== 401) {
      toastProblem('You are logged out here, but the server could not be told.', error)
    }
  }
  start(undefined)
}

function themeButton() {
  return h(
    'button',
    {
      type: 'button',
      class: 'icon-button',
      'aria-label': 'Switch between light and dark',
      title: 'Light or dark',
      onclick: () => {
        const root = document.documentElement
        const isDark = root.dataset.theme
          ? root.dataset.theme === 'dark'
          : matchMedia('(prefers-color-scheme: dark)').matches
        root.dataset.theme = isDark ? 'light' : 'dark'
        try {
          localStorage.setItem('theme', root.dataset.theme)
        } catch {
          /* lasts as long as the page */
        }
        toast(`The page is ${root.dataset.theme} now.`)
      }
    },
    icon('sun')
  )
}
