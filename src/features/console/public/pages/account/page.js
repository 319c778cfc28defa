import { h } from '../../lib/dom.js'
import { page } from '../../ui/page.js'
import { apiKeysPanel } from './api-keys.js'
import { dangerZone } from './danger-zone.js'
import { emailPanel } from './email.js'
import { passwordPanel } from './password.js'
import { profilePanel } from './profile.js'
import { sessionsPanel } from './sessions.js'

/** The account of the current user: profile, email, password, API keys, sessions and deletion. */
export function accountPage() {
  const apiKeys = apiKeysPanel()
  const sessions = sessionsPanel()
  return {
    title: 'Your account',
    node: page(
      { title: 'Your account' },
      h(
        'div',
        { class: 'panels' },
        h('div', { class: 'stack' }, profilePanel(), emailPanel()),
        passwordPanel()
      ),
      apiKeys.node,
      sessions.node,
      dangerZone()
    ),
    stop: () => {
      apiKeys.stop()
      sessions.stop()
    }
  }
}
