import type { Chore } from './core/chores.ts'
import type { Deps } from './core/deps.ts'
import { purgeThrottle } from './core/login-throttle.ts'
import { purgeCodes } from './features/auth/queries.ts'
import { purgeBans } from './features/bans/queries.ts'
import { purgeTasks } from './features/tasks/trash.ts'
import { purgeKeys } from './plugins/idempotency.ts'

/** Every recurring piece of work, gathered from the rooms. */
export function chores ({ db, config }: Pick<Deps, 'db' | 'config'>): Chore[] {
  return [
    { name: 'tasks.purge', everySeconds: 600, run: () => purgeTasks(db, config.PURGE_AFTER_DAYS) },
    { name: 'idempotency.purge', everySeconds: 300, run: () => purgeKeys(db) },
    { name: 'codes.purge', everySeconds: 600, run: () => purgeCodes(db) },
    { name: 'bans.purge', everySeconds: 900, run: () => purgeBans(db) },
    { name: 'throttle.purge', everySeconds: 900, run: () => purgeThrottle(db) }
  ]
}
