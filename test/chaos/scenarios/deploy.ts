import { setTimeout as pause } from 'node:timers/promises'
import { childrenOf } from '../../support/processes.ts'
import type { Client } from '../client.ts'
import type { Api } from '../environment.ts'
import { listening } from '../listening.ts'
import type { Scenario, World } from '../scenario.ts'

/** Orchestrators give up after this by habit. */
const DRAIN_MS = 10_000
/** A deploy goes on when the new instance is ready; nobody waits for it. */
const READY_MS = 10_000
/** The balancer asks every half second: then it sends callers again. */
const SEEN_MS = 700
const LOOK_MS = 50
const CALLERS = 16
const TASKS = '/api/v1/tasks'

/** People who keep their connections and never ask twice: what fails has failed. */
function callers() {
  let isOver = false
  let days: Promise<void>[] = []
  const day = async (client: Client) => {
    for (let turn = 0; !isOver; turn++) {
      await client.send(
        turn % 10 === 0
          ? { method: 'POST', path: TASKS, body: { title: 'Paint the door' } }
          : { path: `${TASKS}?limit=5` }
      )
    }
  }
  return {
    async start(world: World) {
      const { client } = await world.account()
      isOver = false
      days = Array.from({ length: CALLERS }, () => day(client()))
    },
    async stop() {
      isOver = true
      await Promise.all(days)
    }
  }
}

function rolling(): Scenario {
  const crowd = callers()
  return {
    name: 'rolling-restart',
    fault: `SIGTERM and restart of one instance after the other, under ${CALLERS} callers who never repeat a call`,
    rounds: { short: 1, long: 25 },
    people: 2,
    allows: { refused: false },
    kills: true,
    prepare: crowd.start,
    async round(world) {
      for (const { service, port } of world.apis) {
        await world.aWhile()
        const { code, ms } = await service.stop()
        world.ledger.left(ms)
        if (code !== 0) {
          world.ledger.wrong(
            'who is asked to leave leaves in order',
            `${service.name} ended with ${code}`
          )
        }
        if (ms > DRAIN_MS) {
          world.ledger.wrong(
            `an instance leaves within ${DRAIN_MS / 1000} s`,
            `${Math.round(ms)} ms`
          )
        }
        service.start()
        await world.backInService(READY_MS, [{ service, port }])
        await pause(SEEN_MS)
      }
    },
    finish: crowd.stop
  }
}

function reload(): Scenario {
  const crowd = callers()
  return {
    name: 'reload',
    fault: 'SIGHUP to a supervisor of two processes, which replaces one after the other',
    rounds: { short: 1, long: 25 },
    plan: { instances: 1, processes: 2, env: { LOG_LEVEL: 'info' } },
    people: 2,
    allows: { refused: false },
    async prepare(world) {
      while (listening(world.apis[0]) < 2) {
        await pause(LOOK_MS)
      }
      await crowd.start(world)
    },
    async round(world) {
      await world.aWhile()
      const [api] = world.apis as [Api]
      const before = childrenOf(api.service.pid)
      api.service.kill('SIGHUP')
      while (
        childrenOf(api.service.pid).some((pid) => before.includes(pid)) ||
        childrenOf(api.service.pid).length < before.length
      ) {
        await pause(LOOK_MS)
      }
    },
    finish: crowd.stop
  }
}

export const deploy = [rolling(), reload()]
