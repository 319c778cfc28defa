import type { Deps } from '../../core/deps.ts'
import type { LoginThrottle } from '../../core/login-throttle.ts'
import type { Sessions } from '../sessions/service.ts'
import type { Codes } from './codes.ts'

/** What this room is handed. */
export type AuthDeps = Pick<Deps, 'db' | 'config' | 'passwords' | 'mail'> & {
  sessions: Sessions
  throttle: LoginThrottle
  codes: Codes
}
