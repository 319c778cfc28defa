import type { Deps } from '../../core/deps.ts'
import type { ScheduledTask } from '../../core/scheduler.ts'
import type { Feature } from '../../http/feature.ts'
import { taskBatchRoutes } from './batch.routes.ts'
import * as batch from './batch.schema.ts'
import { taskExportRoutes } from './export.routes.ts'
import { taskHistoryRoutes } from './history.routes.ts'
import * as history from './history.schema.ts'
import * as list from './list.schema.ts'
import { taskOrderRoutes } from './order.routes.ts'
import * as order from './order.schema.ts'
import { ownedTaskData } from './owned-data.ts'
import { taskRoutes } from './routes.ts'
import * as task from './schema.ts'
import { taskStatsRoutes } from './stats.routes.ts'
import * as statsHistory from './stats-history.schema.ts'
import {
  countOverStorage,
  measureStorage,
  type StorageLimits,
  storageQuotaOf
} from './storage-quota.ts'
import { taskTrashRoutes } from './trash.routes.ts'
import { purgeTasks } from './trash.ts'

type WorkDeps = { db: Deps['db']; config: StorageLimits }

const measuring = (db: Deps['db'], config: StorageLimits): ScheduledTask => ({
  name: 'storage.measure',
  everySeconds: 10,
  run: () => measureStorage(db, config)
})

export const tasks: Feature<Pick<Deps, 'db' | 'config' | 'secrets'>, WorkDeps> = {
  tags: [
    { name: 'Tasks', description: 'Manage tasks: create, find, change, finish, delete, restore.' }
  ],
  schemas: [
    ...task.schemas,
    ...order.schemas,
    ...list.schemas,
    ...statsHistory.schemas,
    ...batch.schemas,
    ...history.schemas
  ],
  scopes: ['tasks:read', 'tasks:write'],
  auditSubjects: { task_id: 'task' },
  budgets: (config) => ({
    delete_all: { limit: config.RATE_LIMIT_DELETE_ALL, per: 'user' },
    // Their operations are counted as what they are once the body has been read.
    batches: { limit: config.RATE_LIMIT_CREATES, per: 'user' }
  }),
  foreignPaths: {
    'GET /api/v1/tasks':
      'todo todos items todo-items issues cards tasks/all tasks/list tasks/search search',
    'POST /api/v1/tasks':
      'tasks/create tasks/new tasks/add projects/{}/tasks boards/{}/cards lists/{}/cards',
    'GET /api/v1/tasks/{task_id}': 'todos/{} todo/{} items/{} issues/{} cards/{}',
    'PATCH /api/v1/tasks/{task_id}':
      'tasks/{}/complete tasks/{}/close tasks/{}/reopen tasks/{}/toggle tasks/{}/update tasks/{}/status',
    'POST /api/v1/tasks/{task_id}/restore': 'tasks/{}/undelete',
    'POST /api/v1/tasks/{task_id}/move':
      'tasks/{}/reorder tasks/{}/position tasks/{}/order tasks/{}/sort cards/{}/pos cards/{}/move items/{}/move',
    'GET /api/v1/tasks/{task_id}/events': 'tasks/{}/history tasks/{}/activity cards/{}/actions',
    'GET /api/v1/task-exports/csv': 'export exports tasks/export',
    'GET /api/v1/task-stats': 'stats tasks/stats statistics dashboard',
    'GET /api/v1/task-stats/history':
      'productivity productivity/stats completed/stats karma burndown'
  },
  routes: [
    { prefix: '/tasks', plugin: taskRoutes },
    { prefix: '/tasks', plugin: taskTrashRoutes },
    { prefix: '/tasks', plugin: taskOrderRoutes },
    { prefix: '/tasks', plugin: taskHistoryRoutes },
    { prefix: '/task-batches', plugin: taskBatchRoutes },
    { prefix: '/task-exports', plugin: taskExportRoutes },
    { prefix: '/task-stats', plugin: taskStatsRoutes }
  ],
  ownedData: ownedTaskData,
  scheduled: ({ db, config }) => [
    {
      name: 'tasks.purge',
      everySeconds: 600,
      run: () => purgeTasks(db, config.TRASH_RETENTION_DAYS, storageQuotaOf(db, config).noteRemoval)
    },
    ...(config.MAX_STORAGE_MB_PER_USER > 0 ? [measuring(db, config)] : [])
  ],
  gauges: (db) => [
    {
      name: 'accounts_over_storage_quota',
      help: 'Accounts to which nothing can be added, since they store more than MAX_STORAGE_MB_PER_USER.',
      read: async () => countOverStorage(db)
    }
  ]
}
