import type { Logger } from 'pino'
import type { Deps } from './core/deps.ts'
import type { LoginThrottle } from './core/login-throttle.ts'
import { createApiKeysFeature } from './features/api-keys/feature.ts'
import { createAuditFeature } from './features/audit/feature.ts'
import type { Codes } from './features/auth/codes.ts'
import { auth } from './features/auth/feature.ts'
import { bans } from './features/bans/feature.ts'
import { console } from './features/console/feature.ts'
import { imports } from './features/imports/feature.ts'
import { ops } from './features/ops/feature.ts'
import { sessions } from './features/sessions/feature.ts'
import type { Sessions } from './features/sessions/service.ts'
import { tasks } from './features/tasks/feature.ts'
import { users } from './features/users/feature.ts'
import type { ChangeEmail } from './features/users/service.ts'
import type { Feature } from './http/feature.ts'

/** What routes may need; each feature says which part of it it takes. */
export type AppDeps = Deps & {
  sessions: Sessions
  throttle: LoginThrottle
  codes: Codes
  changeAddress: ChangeEmail
  /** Makes the next request read the bans again. */
  onChange: () => void
  limitsStorage: () => string
}
/** What background work may need. */
export type WorkDeps = Pick<Deps, 'db' | 'config'> & { log: Logger }
export type AppFeature = Feature<AppDeps, WorkDeps>

/** The one list of features, in the order of the published document. */
export const FEATURES: AppFeature[] = [auth, users, sessions, tasks, imports, bans, ops, console]

/** Returns the given features, and the two that are about what the others declare. */
export function composeFeatures(given: AppFeature[] = FEATURES): AppFeature[] {
  const apiKeys = createApiKeysFeature(given.flatMap(({ scopes = [] }) => scopes))
  const known: AppFeature[] = [...given, apiKeys]
  return [...known, createAuditFeature(known.flatMap(({ auditActions = [] }) => auditActions))]
}
