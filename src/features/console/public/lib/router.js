/** Where one is stands in the hash, so that it can be kept, sent and gone back to: `#/tasks?status=todo`. */
export function place() {
  const [path, query = ''] = location.hash.replace(/^#/, '').split('?')
  return { path: path || '/', query: new URLSearchParams(query) }
}

/** The address of a place, without what is empty. */
export function hashOf(path, query = {}) {
  const pairs = [...(query instanceof URLSearchParams ? query : Object.entries(query))].flatMap(
    ([name, value]) =>
      [value]
        .flat()
        .filter((one) => one !== '' && one !== undefined && one !== null)
        .map((one) => [name, one])
  )
  return `#${path}${pairs.length > 0 ? `?${new URLSearchParams(pairs)}` : ''}`
}

/** Goes there, as a step that can be gone back. */
export function go(path, query) {
  const hash = hashOf(path, query)
  if (hash === location.hash) {
    dispatchEvent(new HashChangeEvent('hashchange'))
  } else {
    location.hash = hash
  }
}

/** Notes where one is without a step: a filter is not a page. */
export function note(path, query) {
  history.replaceState(null, '', hashOf(path, query))
}
