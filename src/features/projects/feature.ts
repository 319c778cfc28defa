import type { Config } from '../../config.ts'
import type { Deps } from '../../core/deps.ts'
import type { Feature } from '../../http/feature.ts'
import { followPending } from './lifecycle.ts'
import { projectMemberRoutes } from './members.routes.ts'
import { ownedProjectData } from './owned-data.ts'
import { purgeProjects } from './purge.ts'
import { projectRoutes } from './routes.ts'
import { schemas } from './schema.ts'

type WorkDeps = { db: Deps['db']; config: Pick<Config, 'TRASH_RETENTION_DAYS'> }

export const projects: Feature<Pick<Deps, 'db' | 'config' | 'secrets'>, WorkDeps> = {
  tags: [
    { name: 'Projects', description: 'Share lists of tasks: projects, their members and roles.' }
  ],
  schemas,
  scopes: ['projects:read', 'projects:write'],
  auditActions: [
    'project.created',
    'project.updated',
    'project.deleted',
    'project.restored',
    'project.transferred',
    'project.purged',
    'project_member.added',
    'project_member.changed',
    'project_member.removed'
  ],
  auditSubjects: { project_id: 'project' },
  ownedData: ownedProjectData,
  foreignPaths: {
    'GET /api/v1/projects': 'lists boards project/list spaces',
    'POST /api/v1/projects': 'projects/create projects/new'
  },
  routes: [
    { prefix: '/projects', plugin: projectRoutes },
    { prefix: '/projects', plugin: projectMemberRoutes }
  ],
  scheduled: ({ db, config }) => [
    { name: 'projects.follow', everySeconds: 10, run: () => followPending(db) },
    {
      name: 'projects.purge',
      everySeconds: 600,
      run: () => purgeProjects(db, config.TRASH_RETENTION_DAYS)
    }
  ]
}
