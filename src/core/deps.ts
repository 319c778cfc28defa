import type { Config } from '../config.ts'
import type { Db } from '../db/client.ts'
import type { WindowCounters } from '../lib/window-counters.ts'
import type { Mail } from './mail.ts'
import type { Metrics } from './metrics.ts'
import type { Passwords } from './passwords.ts'
import type { Secrets } from './secrets.ts'
import type { Tracing } from './tracing.ts'

/** What may be handed down from `commands/` and from tests. A room takes only what it needs. */
export interface Deps {
  db: Db
  config: Config
  passwords: Passwords
  mail: Mail
  /** They sign access tokens, and every other key is derived from them. */
  secrets: Secrets
  /** True from the moment the process was asked to leave. */
  isShuttingDown: () => boolean
  /** Says that there is new work; whoever works would find it a moment later anyway. */
  wakeJobs?: () => void
  /** Counts what happens; absent where nobody may ask. */
  metrics?: Metrics | undefined
  /** Follows requests; absent where nobody watches. */
  tracing?: Tracing | undefined
  /** Where requests are counted when this process shares its limits with siblings; absent, it counts for itself. */
  counters?: typeof WindowCounters | undefined
}
