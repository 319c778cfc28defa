import type { Deps } from '../../core/deps.ts'
import type { Feature } from '../../http/feature.ts'
import { purgeInvitations, purgeInvitationsOf } from './queries.ts'
import { type InvitationDeps, invitationRoutes } from './routes.ts'
import { schemas } from './schema.ts'

export const invitations: Feature<InvitationDeps, Pick<Deps, 'db'>> = {
  tags: [{ name: 'Invitations', description: 'Who is invited to create an account. For admins.' }],
  schemas,
  auditActions: ['invitation.created', 'invitation.accepted', 'invitation.withdrawn'],
  auditSubjects: { invitation_id: 'invitation' },
  foreignPaths: {
    'POST /api/v1/admin/invitations': 'invitations invites invite users/invite admin/invites'
  },
  ownedData: [purgeInvitationsOf],
  scheduled: ({ db }) => [
    { name: 'invitations.purge', everySeconds: 600, run: () => purgeInvitations(db) }
  ],
  routes: [{ prefix: '/admin/invitations', plugin: invitationRoutes }]
}
