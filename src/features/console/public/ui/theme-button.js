import { iconButton } from './button.js'
import { toast } from './toast.js'

/** Of the bar at the top (`--surface`), which the browser continues above the page. */
const COLORS = { light: '#ffffff', dark: '#1b1e23' }

/** Creates the button that switches between the light and the dark theme. */
export const themeButton = () =>
  iconButton('sun', 'Switch between light and dark', switchTheme, { title: 'Light or dark' })

export function switchTheme() {
  const { dataset } = document.documentElement
  const isDark = dataset.theme
    ? dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches
  dataset.theme = isDark ? 'light' : 'dark'
  for (const meta of document.querySelectorAll('meta[name=theme-color]')) {
    meta.content = COLORS[dataset.theme]
  }
  try {
    localStorage.setItem('theme', dataset.theme)
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  toast(`Switched to the ${dataset.theme} theme.`)
}
