import type { Config } from '../../config.ts'
import { purgeFeeds } from '../../core/change-feed.ts'
import type { Deps } from '../../core/deps.ts'
import type { Feature } from '../../http/feature.ts'
import { horizonAgeGauge } from './horizon-age.ts'
import { changeRoutes } from './routes.ts'
import { schemas } from './schema.ts'
import { changeStreamRoutes } from './stream.routes.ts'
import { purgeTickets } from './tickets.queries.ts'

type ChangeDeps = Pick<Deps, 'db' | 'config' | 'secrets' | 'isShuttingDown' | 'metrics'>
type WorkDeps = { db: Deps['db']; config: Pick<Config, 'CHANGES_RETENTION_DAYS'> }

export const changes: Feature<ChangeDeps, WorkDeps> = {
  tags: [{ name: 'Changes', description: 'Follow what changes: page by page, or live.' }],
  schemas,
  scopes: ['changes:read'],
  foreignPaths: { 'GET /api/v1/changes': 'events activity activities feed sync delta updates' },
  routes: [
    { prefix: '/changes', plugin: changeRoutes },
    { prefix: '/changes', plugin: changeStreamRoutes }
  ],
  scheduled: ({ db, config }) => [
    {
      name: 'changes.purge',
      everySeconds: 600,
      run: () => purgeFeeds(db, config.CHANGES_RETENTION_DAYS)
    },
    { name: 'change_tickets.purge', everySeconds: 300, run: () => purgeTickets(db) }
  ],
  gauges: (db) => [
    {
      name: 'changes_horizon_age_seconds',
      help: 'Seconds for which the oldest transaction of the server has held the feed of changes back.',
      read: horizonAgeGauge(db)
    }
  ]
}
