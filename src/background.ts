import { purgeIdempotencyKeys } from './core/idempotency.ts'
import type { Job } from './core/job-runner.ts'
import { purgeThrottle } from './core/login-throttle.ts'
import type { Metrics } from './core/metrics.ts'
import type { ScheduledTask } from './core/scheduler.ts'
import type { Db } from './db/client.ts'
import { composeFeatures, type WorkDeps } from './features.ts'

/** Work that any instance does every so often: of every feature, and of the mechanisms they share. */
export function scheduledTasks(deps: WorkDeps): ScheduledTask[] {
  const { db } = deps
  return [
    ...composeFeatures().flatMap(({ scheduled }) => scheduled?.(deps) ?? []),
    { name: 'idempotency.purge', everySeconds: 300, run: () => purgeIdempotencyKeys(db) },
    { name: 'throttle.purge', everySeconds: 900, run: () => purgeThrottle(db) }
  ]
}

/** Work that waits in the database until somebody takes it. */
export const jobs = (deps: WorkDeps): Job[] =>
  composeFeatures().flatMap((feature) => feature.jobs?.(deps) ?? [])

/** Publishes what the database knows of the work that is left. */
export function watchBackgroundWork(metrics: Metrics, db: Db): void {
  for (const { name, help, read } of composeFeatures().flatMap(
    (feature) => feature.gauges?.(db) ?? []
  )) {
    metrics.watchShared(name, help, read)
  }
}
