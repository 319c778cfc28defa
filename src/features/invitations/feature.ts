import type { Deps } from '../../core/deps.ts'
import type { Feature } from '../../http/feature.ts'
import { myInvitationRoutes } from './mine.routes.ts'
import { projectInvitationRoutes } from './projects.routes.ts'
import { projectSchemas } from './projects.schema.ts'
import { purgeInvitations, purgeInvitationsOf } from './queries.ts'
import { type InvitationDeps, invitationRoutes } from './routes.ts'
import { schemas } from './schema.ts'

export const invitations: Feature<InvitationDeps, Pick<Deps, 'db'>> = {
  tags: [{ name: 'Invitations', description: 'Who is invited to create an account. For admins.' }],
  schemas: [...schemas, ...projectSchemas],
  auditActions: [
    'invitation.created',
    'invitation.accepted',
    'invitation.withdrawn',
    'project_invitation.created',
    'project_invitation.accepted',
    'project_invitation.declined',
    'project_invitation.withdrawn'
  ],
  auditSubjects: { invitation_id: 'invitation' },
  foreignPaths: {
    'POST /api/v1/admin/invitations': 'invitations invites invite users/invite admin/invites'
  },
  ownedData: [purgeInvitationsOf],
  scheduled: ({ db }) => [
    { name: 'invitations.purge', everySeconds: 600, run: () => purgeInvitations(db) }
  ],
  routes: [
    { prefix: '/projects', plugin: projectInvitationRoutes },
    { prefix: '/me/invitations', plugin: myInvitationRoutes },
    { prefix: '/admin/invitations', plugin: invitationRoutes }
  ]
}
