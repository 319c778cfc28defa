import type { Feature } from '../../http/feature.ts'
import { type PeopleRouteDeps, peopleRoutes } from './routes.ts'
import { schemas } from './schema.ts'

export const people: Feature<PeopleRouteDeps> = {
  tags: [{ name: 'People', description: 'Other users, by name.' }],
  schemas,
  scopes: ['people:read'],
  foreignPaths: { 'GET /api/v1/people': 'contacts directory users/search members' },
  routes: [{ prefix: '/people', plugin: peopleRoutes }]
}
