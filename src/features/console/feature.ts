import type { Deps } from '../../core/deps.ts'
import type { Feature } from '../../http/feature.ts'
import { consoleRoutes } from './routes.ts'

export const console: Feature<Pick<Deps, 'config'>> = {
  tags: [],
  schemas: [],
  routes: [{ prefix: '/app', isRoot: true, plugin: consoleRoutes }]
}
