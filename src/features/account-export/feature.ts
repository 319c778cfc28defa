import type { Deps } from '../../core/deps.ts'
import type { Feature } from '../../http/feature.ts'
import { accountExportRoutes } from './routes.ts'

export const accountExport: Feature<Pick<Deps, 'db'>> = {
  tags: [],
  schemas: [],
  routes: [{ prefix: '/me', plugin: accountExportRoutes }]
}
