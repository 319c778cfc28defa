import type { Logger } from 'pino'
import { purgeFeedOf } from './core/change-feed.ts'
import type { Deps } from './core/deps.ts'
import { purgeIdempotencyKeysOf } from './core/idempotency.ts'
import type { PurgeOwned } from './core/owned-data.ts'
import { account } from './features/account/feature.ts'
import { accountExport } from './features/account-export/feature.ts'
import { adminUsers } from './features/admin-users/feature.ts'
import { createApiKeysFeature } from './features/api-keys/feature.ts'
import { createAuditFeature } from './features/audit/feature.ts'
import { auth } from './features/auth/feature.ts'
import { bans } from './features/bans/feature.ts'
import type { BanDeps } from './features/bans/service.ts'
import { changes } from './features/changes/feature.ts'
import { comments } from './features/comments/feature.ts'
import { console } from './features/console/feature.ts'
import { identity } from './features/identity/feature.ts'
import type { IdentityDeps } from './features/identity/service.ts'
import { imports } from './features/imports/feature.ts'
import { invitations } from './features/invitations/feature.ts'
import { ops } from './features/ops/feature.ts'
import { people } from './features/people/feature.ts'
import { projects } from './features/projects/feature.ts'
import { tasks } from './features/tasks/feature.ts'
import { webhooks } from './features/webhooks/feature.ts'
import type { Feature } from './http/feature.ts'

/** What routes may be given; a feature says which part of it it takes. */
export type AppDeps = IdentityDeps & Deps & BanDeps
/** What background work may be given. */
export type WorkDeps = Pick<Deps, 'db' | 'config' | 'secrets' | 'mail' | 'metrics'> & {
  log: Logger
  ownedData: readonly PurgeOwned[]
}
export type AppFeature = Feature<AppDeps, WorkDeps>

/** The one list of features, in the order of the published document. */
export const FEATURES: AppFeature[] = [
  identity,
  auth,
  tasks,
  comments,
  projects,
  imports,
  changes,
  webhooks,
  people,
  account,
  accountExport,
  adminUsers,
  invitations,
  bans,
  ops,
  console
]

/** Returns the given features, and the two that are about what the others declare. */
export function composeFeatures(given: AppFeature[] = FEATURES): AppFeature[] {
  const apiKeys = createApiKeysFeature(given.flatMap(({ scopes = [] }) => scopes))
  // What admins do comes last in the published document.
  const first = given.indexOf(adminUsers)
  const known: AppFeature[] = given.toSpliced(first < 0 ? given.length : first, 0, apiKeys)
  return [...known, createAuditFeature(known.flatMap(({ auditActions = [] }) => auditActions))]
}

/**
 * Returns what is deleted with an account, in the reverse order of the features: what knows others comes before what
 * others know.
 */
export const ownedDataOf = (features: AppFeature[]): PurgeOwned[] => [
  ...[...features].reverse().flatMap(({ ownedData = [] }) => ownedData),
  purgeIdempotencyKeysOf,
  // Last: what is deleted of an account is said in the feeds of others, and perhaps in its own.
  purgeFeedOf
]
