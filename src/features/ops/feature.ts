import type { Feature } from '../../http/feature.ts'
import { opsRoutes } from './routes.ts'

export const ops: Feature<Parameters<typeof opsRoutes>[1]> = {
  tags: [],
  schemas: [],
  routes: [{ prefix: '', isRoot: true, plugin: opsRoutes }]
}
