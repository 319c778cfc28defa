import type { TSchema } from '@sinclair/typebox'
import type { Config } from '../config.ts'
import type { Job } from '../core/job-runner.ts'
import type { PurgeOwned } from '../core/owned-data.ts'
import type { ScheduledTask } from '../core/scheduler.ts'
import type { Db } from '../db/client.ts'
import type { Budgets } from './rate-limit/budgets.ts'
import type { ForeignPaths } from './route-hints.ts'
import type { App } from './server.ts'

/** A heading of the published document. */
export interface Tag {
  name: string
  description: string
}

/** A group of routes with a common path. `prefix` is relative to `/api/v1`, or to `/` where `isRoot` is set. */
export interface FeatureRoutes<AppDeps> {
  prefix: string
  isRoot?: true
  plugin: (app: App, deps: AppDeps) => Promise<void>
}

/** What the receiver of a webhook gets: a named part of the published document. */
export interface WebhookMessage {
  name: string
  operationId: string
  tag: string
  summary: string
  description: string
  body: TSchema
}

/** A metric that is read from the database, so that every instance reports the same. */
export interface Gauge {
  name: string
  help: string
  read: () => Promise<number>
}

/**
 * Everything that the application needs to know of a subject: `features.ts` lists one for each. `AppDeps` is what its
 * routes take, `WorkDeps` what its background work takes.
 */
export interface Feature<AppDeps = unknown, WorkDeps = unknown> {
  tags: readonly Tag[]
  /** The named components of its operations. */
  schemas: readonly TSchema[]
  /** What it sends to the receivers of webhooks. */
  webhooks?: readonly WebhookMessage[]
  /** What an API key can be limited to; each route that keys may use names one. */
  scopes?: readonly string[]
  /** What it writes into the audit log. */
  auditActions?: readonly string[]
  /** Path parameter → the type of subject that the audit log shows, such as `task_id` → `task`. */
  auditSubjects?: Readonly<Record<string, string>>
  /** Rate limits of its own; routes name them in their `config`. */
  budgets?: (config: Config) => Budgets
  routes: readonly FeatureRoutes<AppDeps>[]
  /** What other services call its paths: a 404 for one of them names ours. */
  foreignPaths?: ForeignPaths
  /** What it stores of an account, to be deleted with the account in this order. */
  ownedData?: readonly PurgeOwned[]
  /** Work that any instance repeats at an interval. */
  scheduled?: (deps: WorkDeps) => ScheduledTask[]
  /** Work that waits in the database until an instance takes it. */
  jobs?: (deps: WorkDeps) => Job[]
  gauges?: (db: Db) => Gauge[]
}
