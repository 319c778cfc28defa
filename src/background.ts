import { purgeEmailCounters } from './core/email-budget.ts'
import { purgeIdempotencyKeys } from './core/idempotency.ts'
import type { Job } from './core/job-runner.ts'
import { purgeThrottle } from './core/login-throttle.ts'
import type { Metrics } from './core/metrics.ts'
import type { ScheduledTask } from './core/scheduler.ts'
import type { Db } from './db/client.ts'
import { composeFeatures, ownedDataOf, type WorkDeps } from './features.ts'

type BackgroundDeps = Omit<WorkDeps, 'ownedData'>

/** Lists the scheduled tasks of every feature and of the mechanisms they share. */
export function scheduledTasks(deps: BackgroundDeps): ScheduledTask[] {
  const { db } = deps
  const features = composeFeatures()
  const workDeps = { ...deps, ownedData: ownedDataOf(features) }
  return [
    ...features.flatMap(({ scheduled }) => scheduled?.(workDeps) ?? []),
    { name: 'idempotency.purge', everySeconds: 300, run: () => purgeIdempotencyKeys(db) },
    { name: 'emails.purge', everySeconds: 900, run: () => purgeEmailCounters(db) },
    { name: 'throttle.purge', everySeconds: 900, run: () => purgeThrottle(db) }
  ]
}

/** Lists the background jobs of every feature. */
export const jobs = (deps: BackgroundDeps): Job[] =>
  composeFeatures().flatMap((feature) => feature.jobs?.({ ...deps, ownedData: [] }) ?? [])

/** Exposes the gauges of every feature, whose values come from the database. */
export function watchBackgroundWork(metrics: Metrics, db: Db): void {
  for (const { name, help, read } of composeFeatures().flatMap(
    (feature) => feature.gauges?.(db) ?? []
  )) {
    metrics.watchShared(name, help, read)
  }
}
