import type { Deps } from '../../core/deps.ts'
import type { Feature } from '../../http/feature.ts'
import { collectJob } from './collect.job.ts'
import { type DeliverOptions, deliverJob } from './deliver.job.ts'
import { webhookDeliveryRoutes } from './deliveries.routes.ts'
import { deliverySchemas } from './delivery.schema.ts'
import { WEBHOOK_MESSAGES } from './messages.ts'
import {
  countFailing,
  oldestDueSeconds,
  purgeDeliveries,
  purgeWebhooksOf
} from './purge.queries.ts'
import { resealJob, resealTask } from './reseal.job.ts'
import { webhookRoutes } from './routes.ts'
import { schemas } from './schema.ts'

type RouteDeps = Pick<Deps, 'db' | 'config' | 'secrets' | 'wakeJobs'>

export const webhooks: Feature<RouteDeps, DeliverOptions> = {
  tags: [
    {
      name: 'Webhooks',
      description: 'Have changes sent to you: signed, retried, and again when you ask for it.'
    }
  ],
  schemas: [...schemas, ...deliverySchemas],
  webhooks: WEBHOOK_MESSAGES,
  scopes: ['webhooks:read', 'webhooks:write'],
  auditActions: [
    'webhook.created',
    'webhook.updated',
    'webhook.deleted',
    'webhook.secret_rotated',
    'webhook.disabled',
    'webhook.replayed',
    'webhook.redelivered'
  ],
  auditSubjects: { webhook_id: 'webhook' },
  ownedData: [purgeWebhooksOf],
  foreignPaths: {
    'GET /api/v1/webhooks': 'hooks subscriptions webhook/list',
    'POST /api/v1/webhooks': 'webhooks/create webhooks/new'
  },
  routes: [
    { prefix: '/webhooks', plugin: webhookRoutes },
    { prefix: '/webhooks', plugin: webhookDeliveryRoutes }
  ],
  scheduled: ({ db, config, secrets }) => [
    {
      name: 'webhooks.purge',
      everySeconds: 300,
      run: () => purgeDeliveries(db, config.CHANGES_RETENTION_DAYS)
    },
    resealTask({ db, secrets })
  ],
  jobs: (deps) => [collectJob(deps), deliverJob(deps), resealJob(deps)],
  gauges: (db) => [
    {
      name: 'webhook_oldest_due_seconds',
      help: 'Seconds for which the delivery has been due that has waited longest.',
      read: () => oldestDueSeconds(db)
    },
    {
      name: 'webhooks_failing',
      help: 'Enabled webhooks whose last attempts have all failed.',
      read: () => countFailing(db)
    }
  ]
}
