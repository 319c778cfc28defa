// Swagger UI has a dark scheme, but the button that turns it on is in a bar that we do not show.
const dark = matchMedia('(prefers-color-scheme: dark)')
const applyScheme = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', applyScheme)
applyScheme()

// Authorize opens at the field that one fills in first.
let isOpen = false
new MutationObserver(() => {
  const username = document.getElementById('oauth_username')
  if (username !== null && !isOpen) {
    username.focus()
  }
  isOpen = username !== null
}).observe(document.body, { childList: true, subtree: true })
