import type { Feature } from '../../http/feature.ts'
import { opsRoutes } from './routes.ts'

export const ops: Feature<Parameters<typeof opsRoutes>[1]> = {
  tags: [],
  schemas: [],
  foreignPaths: {
    'GET /api/v1': 'api',
    'GET /docs': 'swagger swagger-ui api-docs redoc docs/index.html',
    'GET /openapi.json': 'openapi swagger.json openapi.yaml schema',
    'GET /health/live': 'health healthz livez ping status up',
    'GET /health/ready': 'ready readyz health/readiness',
    'GET /app/': 'app/index.html console ui'
  },
  routes: [{ prefix: '', isRoot: true, plugin: opsRoutes }]
}
