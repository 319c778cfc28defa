import type { Feature } from '../../http/feature.ts'
import { sessionRoutes } from './routes.ts'
import { schemas } from './schema.ts'

export const sessions: Feature<Parameters<typeof sessionRoutes>[1]> = {
  tags: [{ name: 'Sessions', description: 'Where one is logged in.' }],
  schemas,
  auditActions: [
    'user.sessions_ended',
    'session.refreshed',
    'session.ended',
    'session.reuse_detected'
  ],
  auditSubjects: { session_id: 'session' },
  secretParams: ['session_id'],
  routes: [{ prefix: '/auth/sessions', plugin: sessionRoutes }]
}
