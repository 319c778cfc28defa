/** Reads the current route from the hash, `#/tasks?status=todo`, so that it can be bookmarked and shared. */
export function currentRoute() {
  const [path, query = ''] = location.hash.replace(/^#/, '').split('?')
  return { path: path || '/', query: new URLSearchParams(query) }
}

/** Writes a route as a hash, without empty parameters. */
export function hashOf(path, query = {}) {
  const pairs = [...(query instanceof URLSearchParams ? query : Object.entries(query))].flatMap(
    ([name, value]) =>
      [value]
        .flat()
        .filter((item) => item !== '' && item !== undefined && item !== null)
        .map((item) => [name, item])
  )
  return `#${path}${pairs.length > 0 ? `?${new URLSearchParams(pairs)}` : ''}`
}

/** Goes to a route and adds it to the browser's history. */
export function navigate(path, query) {
  const hash = hashOf(path, query)
  if (hash === location.hash) {
    dispatchEvent(new HashChangeEvent('hashchange'))
  } else {
    location.hash = hash
  }
}

/** Writes the page's filters into the URL without adding to the history. */
export function replaceQuery(path, query) {
  history.replaceState(null, '', hashOf(path, query))
  dispatchEvent(new Event('querychange'))
}
