import type { Deps } from '../../core/deps.ts'
import type { Feature } from '../../http/feature.ts'
import { purgeBans } from './queries.ts'
import { type IpBanDeps, ipBanRoutes } from './routes.ts'
import { schemas } from './schema.ts'

export const bans: Feature<IpBanDeps, Pick<Deps, 'db'>> = {
  tags: [{ name: 'IpBans', description: 'IP addresses whose requests are rejected. For admins.' }],
  schemas,
  auditActions: ['ip_ban.created', 'ip_ban.lifted'],
  auditSubjects: { ban_id: 'ip_ban' },
  routes: [{ prefix: '/admin/ip-bans', plugin: ipBanRoutes }],
  scheduled: ({ db }) => [{ name: 'bans.purge', everySeconds: 900, run: () => purgeBans(db) }]
}
