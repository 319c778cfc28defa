// Runs before anything is painted, so that nobody sees the other theme flash by. The choice is no secret.
try {
  const chosen = localStorage.getItem('theme')
  if (chosen === 'light' || chosen === 'dark') {
    document.documentElement.dataset.theme = chosen
  }
} catch {
  // A browser that keeps nothing follows the system.
}
