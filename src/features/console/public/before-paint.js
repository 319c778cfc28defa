// Applies the stored theme before the first paint, so that the other theme never flashes up, and tells which frame the
// first page is likely to be in, so that it can be painted at once.
{
  const root = document.documentElement
  // This file is /app/{version}/before-paint.js.
  const api = new URL('../../api/v1', document.currentScript.src).pathname
  let theme
  let isSignedIn = false
  try {
    theme = localStorage.getItem('theme')
    isSignedIn = localStorage.getItem(`signed-in ${api}`) !== null
  } catch {
    // Without storage the page follows the system's theme.
  }
  root.dataset.frame = isSignedIn ? 'shell' : 'auth'
  if (theme === 'light' || theme === 'dark') {
    root.dataset.theme = theme
    for (const meta of document.querySelectorAll('meta[name=theme-color]')) {
      meta.content = theme === 'dark' ? '#1b1e23' : '#ffffff'
    }
  }
}
