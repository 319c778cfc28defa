import { purgeAccessChanges } from '../../core/access-cache.ts'
import type { Deps } from '../../core/deps.ts'
import type { PurgeOwned } from '../../core/owned-data.ts'
import type { Feature } from '../../http/feature.ts'
import { purgeCodes } from './codes.queries.ts'
import { purgeDeletedAccounts } from './deletion.ts'
import { purgePasswordLinks } from './password-links.queries.ts'
import { schemas } from './schema.ts'
import { purgeSessions, purgeSessionsOf } from './session-purge.queries.ts'

type WorkDeps = Pick<Deps, 'db'> & { ownedData: readonly PurgeOwned[] }

/** Users, their credentials and sessions: what the features about accounts share. It has no routes of its own. */
export const identity: Feature<unknown, WorkDeps> = {
  tags: [],
  schemas,
  auditActions: [
    'user.registered',
    'user.created',
    'user.password_link_created',
    'user.profile_changed',
    'user.password_changed',
    'user.role_changed',
    'user.disabled',
    'user.enabled',
    'user.deleted',
    'user.sessions_ended',
    'session.refreshed',
    'session.ended',
    'session.reuse_detected'
  ],
  auditSubjects: { user_id: 'user', session_id: 'session' },
  routes: [],
  ownedData: [(tx, _ctx, userId) => purgeSessionsOf(tx, userId)],
  scheduled: ({ db, ownedData }) => [
    { name: 'password_links.purge', everySeconds: 600, run: () => purgePasswordLinks(db) },
    { name: 'codes.purge', everySeconds: 600, run: () => purgeCodes(db) },
    { name: 'access_changes.purge', everySeconds: 300, run: () => purgeAccessChanges(db) },
    { name: 'sessions.purge', everySeconds: 600, run: () => purgeSessions(db) },
    { name: 'accounts.purge', everySeconds: 2, run: () => purgeDeletedAccounts(db, ownedData) }
  ]
}
