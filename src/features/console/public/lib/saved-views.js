import { currentUser } from './session.js'

const MAX_VIEWS = 20
export const MAX_NAME = 60
const MAX_HASH = 1000
/** Pages of which a view can be kept. */
const HASH = /^#\/(tasks|today|upcoming|all-tasks|projects\/[\da-f-]{36})(\?[^#]*)?$/

const listeners = new Set()
/** Calls the listener after each change of the saved views. Returns how to stop it. */
export function onSavedViews(listener) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
addEventListener('storage', ({ key }) => key === keyOf() && tell())

/** Views are kept on this device, for each user by themselves. */
const keyOf = () => `views.${currentUser()?.id}`

/** Returns the views that were saved, `{ name, hash }`. What is stored may have been written by anything. */
export function savedViews() {
  try {
    const stored = JSON.parse(localStorage.getItem(keyOf()) ?? '[]')
    return Array.isArray(stored) ? stored.filter(isView).map(plain).slice(0, MAX_VIEWS) : []
  } catch {
    return []
  }
}

const isView = (view) =>
  typeof view?.name === 'string' &&
  cleanName(view.name) !== '' &&
  typeof view.hash === 'string' &&
  view.hash.length <= MAX_HASH &&
  HASH.test(view.hash)

const plain = ({ name, hash }) => ({ name: cleanName(name), hash })
const cleanName = (name) => name.replace(/\s+/g, ' ').trim().slice(0, MAX_NAME)

/** Saves a view under a name, instead of one of that name. Returns why it cannot be, or undefined. */
export function saveView(name, hash) {
  const view = { name: cleanName(name), hash }
  if (view.name === '') {
    return 'Enter a name.'
  }
  if (!isView(view)) {
    return 'These filters are too long to be saved.'
  }
  const views = savedViews()
  const at = views.findIndex((one) => one.name === view.name)
  if (at < 0 && views.length >= MAX_VIEWS) {
    return `There can be ${MAX_VIEWS} saved views. Delete one first.`
  }
  return store(at < 0 ? [...views, view] : views.with(at, view))
}

/** Gives a view another name. Returns why it cannot be, or undefined. */
export function renameView(name, next) {
  const wanted = cleanName(next)
  if (wanted === '') {
    return 'Enter a name.'
  }
  const views = savedViews()
  if (wanted !== name && views.some((one) => one.name === wanted)) {
    return 'Another view has this name.'
  }
  return store(views.map((one) => (one.name === name ? { ...one, name: wanted } : one)))
}

export const removeView = (name) => store(savedViews().filter((one) => one.name !== name))

function store(views) {
  try {
    localStorage.setItem(keyOf(), JSON.stringify(views))
  } catch {
    return 'This browser does not let the console store anything.'
  }
  tell()
}

function tell() {
  for (const listener of [...listeners]) {
    listener()
  }
}
