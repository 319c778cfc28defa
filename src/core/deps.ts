import type { Config } from '../config.ts'
import type { Db } from '../db/client.ts'
import type { WindowCounters } from '../lib/window-counters.ts'
import type { Mail } from './mail.ts'
import type { Metrics } from './metrics.ts'
import type { Passwords } from './passwords.ts'
import type { Secrets } from './secrets.ts'
import type { Tracing } from './tracing.ts'

/** The dependencies that commands and tests pass to the application. A feature takes only those that it needs. */
export interface Deps {
  db: Db
  config: Config
  passwords: Passwords
  mail: Mail
  /** They sign access tokens; every other key is derived from them. */
  secrets: Secrets
  /** True once the process was asked to shut down. */
  isShuttingDown: () => boolean
  /** Reports new work to the job runner, which would otherwise find it at its next poll. */
  wakeJobs?: () => void
  /** Absent where no metrics are exposed. */
  metrics?: Metrics | undefined
  /** Absent where no collector is configured. */
  tracing?: Tracing | undefined
  /** Counters that are shared with other processes of this cluster; absent, the process counts for itself. */
  counters?: typeof WindowCounters | undefined
}
