import type { Deps } from '../../core/deps.ts'
import type { Feature } from '../../http/feature.ts'
import { commentRoutes } from './routes.ts'
import { schemas } from './schema.ts'

/** Comments have no data of an account to delete: they go with their task, and stay with tasks of others. */
export const comments: Feature<Pick<Deps, 'db' | 'config' | 'secrets'>> = {
  tags: [{ name: 'Comments', description: 'Talk about tasks, and mention people.' }],
  schemas,
  scopes: ['comments:read', 'comments:write'],
  auditActions: ['comment.created', 'comment.updated', 'comment.deleted'],
  foreignPaths: {
    'GET /api/v1/tasks/{task_id}/comments':
      'comments issues/{}/comments tasks/{}/notes tasks/{}/stories',
    'POST /api/v1/tasks/{task_id}/comments':
      'comments issues/{}/comments tasks/{}/notes tasks/{}/stories cards/{}/actions/comments'
  },
  routes: [{ prefix: '/tasks', plugin: commentRoutes }]
}
