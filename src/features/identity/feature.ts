import type { Deps } from '../../core/deps.ts'
import type { Feature } from '../../http/feature.ts'
import { purgeCodes } from './codes.queries.ts'
import { schemas } from './schema.ts'

/** Users, their credentials and sessions: what the features about accounts share. It has no routes of its own. */
export const identity: Feature<unknown, Pick<Deps, 'db'>> = {
  tags: [],
  schemas,
  auditActions: [
    'user.registered',
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
  scheduled: ({ db }) => [{ name: 'codes.purge', everySeconds: 600, run: () => purgeCodes(db) }]
}
