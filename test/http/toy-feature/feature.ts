import type { Deps } from '../../../src/core/deps.ts'
import type { Feature } from '../../../src/http/feature.ts'
import { Greeting, GreetingCreate, greetingRoutes } from './routes.ts'

export const greetings: Feature<Pick<Deps, 'db'>> = {
  tags: [{ name: 'Greetings', description: 'Say hello.' }],
  schemas: [Greeting, GreetingCreate],
  scopes: ['greetings:write'],
  auditActions: ['greeting.created'],
  budgets: () => ({ greetings: { limit: 10, per: 'user' } }),
  routes: [{ prefix: '/greetings', plugin: greetingRoutes }]
}
