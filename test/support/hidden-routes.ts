import type { AppFeature } from '../../src/features.ts'

/** A feature with routes of a test at the root, which are not in the contract: each is `schema: { hide: true }`. */
export const hiddenRoutes = (
  prefix: `/${string}`,
  plugin: AppFeature['routes'][number]['plugin']
): AppFeature => ({
  tags: [],
  schemas: [],
  routes: [{ prefix, isRoot: true, plugin }]
})
