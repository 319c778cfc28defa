import { textsIn } from '../contents.ts'
import { someFault } from '../faults.ts'
import { breaches } from '../history.ts'
import type { Account, Scenario } from '../scenario.ts'
import { FIRST, Team } from '../shared-workload.ts'

const WRITERS = 6
/** How soon is for the scenarios of each fault to say. */
const BACK_MS = 10_000

/** One account, several people, and what they were told put in order. */
function history(): Scenario {
  let team: Team
  let account: Account
  return {
    name: 'history',
    fault:
      'random calls on shared tasks, while backends, servers, instances and connections die or stand still',
    rounds: { short: 12, long: 600 },
    people: 0,
    allows: { broken: true },
    kills: true,
    async prepare(world) {
      account = await world.account()
      team = new Team(world.ledger, world.random)
      await team.start(
        account.client(),
        Array.from({ length: WRITERS }, () => account.client())
      )
    },
    async round(world) {
      await world.aWhile()
      await someFault(world)
      await world.backInService(BACK_MS)
    },
    async finish(world) {
      await team.stop()
      const kept = await textsIn(world, account.id, FIRST)
      for (const breach of breaches(team.told, kept)) {
        world.ledger.wrong('what was told can have happened one thing after the other', breach)
      }
      const acknowledged = team.told.filter(
        ({ kind, version }) => kind === 'write' && version !== undefined
      )
      const there = new Set(kept.map(({ task, version, text }) => `${task} ${version} ${text}`))
      world.ledger.lost += acknowledged.filter(
        ({ task, version, text }) => !there.has(`${task} ${version} ${text}`)
      ).length
    }
  }
}

export const histories = [history()]
