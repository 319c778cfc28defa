import { injectRandomFault } from '../faults.ts'
import { findViolations, type RecordedCall, type StoredVersion } from '../linearizability.ts'
import type { Account, Scenario } from '../scenario.ts'
import { FIRST_DESCRIPTION, SharedWorkload } from '../shared-workload.ts'
import { findVersions } from '../stored-state.ts'

const WRITERS = 6
/** Generous: the scenarios of each fault check its recovery time. */
const RECOVERY_MS = 10_000

const keyOf = ({ task, version, text }: RecordedCall | StoredVersion): string =>
  `${task} ${version} ${text}`

/** Counts acknowledged writes that are not in the stored history. */
function countLost(calls: RecordedCall[], stored: StoredVersion[]): number {
  const keys = new Set(stored.map(keyOf))
  return calls.filter(
    (call) => call.kind === 'write' && call.version !== undefined && !keys.has(keyOf(call))
  ).length
}

/** Several clients of one account, whose calls must be linearizable. */
function history(): Scenario {
  let workload: SharedWorkload
  let account: Account
  return {
    name: 'history',
    fault:
      'random faults of backends, servers, instances and connections, with calls on shared tasks',
    rounds: { short: 12, long: 600 },
    users: 0,
    allows: { connectionErrors: true },
    killsProcesses: true,
    async prepare({ ledger, random, signUpAccount }) {
      account = await signUpAccount()
      workload = new SharedWorkload(ledger, random)
      const writers = Array.from({ length: WRITERS }, () => account.client())
      await workload.start(account.client(), writers)
    },
    async round(context) {
      await context.randomDelay()
      await injectRandomFault(context)
      await context.waitForRecovery(RECOVERY_MS)
    },
    async finish(context) {
      await workload.stop()
      const stored = await findVersions(context, account.id, FIRST_DESCRIPTION)
      for (const violation of findViolations(workload.calls, stored)) {
        context.ledger.violation('calls on a task are linearizable', violation)
      }
      context.ledger.lost += countLost(workload.calls, stored)
    }
  }
}

export const linearizability = [history()]
