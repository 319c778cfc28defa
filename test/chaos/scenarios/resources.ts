import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { requestText } from '../../support/raw-http.ts'
import type { Api } from '../environment.ts'
import type { Scenario, World } from '../scenario.ts'

const BACK_MS = 2000
const TASKS = '/api/v1/tasks'
/** Longer than whoever waits for a lock is let wait. */
const HELD_MS = 3000
const STALL_MS = { least: 300, most: 3000 }
const CROWD = { short: 100, long: 1000 }
/** While they all come at once, the cores have more to do than they can: whoever is let in waits, but for no longer than a handler may take. */
const CROWDED_MS = 10_000
const CROWDED_BACK_MS = 5000
const DRIP_MS = 500
/** Far more answers than fit into the buffers between two processes. */
const UNREAD = 300

/** Somebody locks everybody's tasks, and each of the few connections waits. */
const poolExhausted: Scenario = {
  name: 'pool-exhausted',
  fault: `every connection of a pool of 2 waits ${HELD_MS / 1000} s for a lock`,
  rounds: { short: 2, long: 100 },
  plan: { env: { DATABASE_POOL_SIZE: '2' } },
  async round(world) {
    await world.aWhile()
    const { default: postgres } = await import('postgres')
    const holder = postgres(world.postgres.url, { max: 1, onnotice() {} })
    await holder.begin(async (tx) => {
      await tx`set local lock_timeout = 0`
      await tx`lock table tasks in access exclusive mode`
      await pause(HELD_MS)
    })
    await holder.end()
    await world.backInService(BACK_MS)
  }
}

/** Callers who send a byte now and then, and callers who ask for much and read nothing of it. */
function crowd(world: World, token: string, size: number): () => void {
  const authorization = { Authorization: `Bearer ${token}`, Connection: 'keep-alive' }
  const sockets: Socket[] = []
  const call = (opening: string) => {
    const { port } = world.apis[sockets.length % world.apis.length] as Api
    const socket = connect({ host: '127.0.0.1', port }).on('error', () => {})
    socket.write(opening)
    sockets.push(socket)
    return socket
  }
  const dripping: Socket[] = []
  for (let number = 0; number < size; number++) {
    dripping.push(call('GET /health/live HTTP/1.1\r\nHost: tasklane.test\r\nX-Slow: '))
    dripping.push(
      call(
        requestText(
          `POST ${TASKS}`,
          { ...authorization, 'Content-Type': 'application/json', 'Content-Length': '1000' },
          '{"title":"'
        )
      )
    )
    if (number % 10 === 0) {
      call(requestText(`GET ${TASKS}?limit=100`, authorization).repeat(UNREAD)).pause()
    }
  }
  const drip = setInterval(() => {
    for (const socket of dripping) {
      if (socket.writable) {
        socket.write('a')
      }
    }
  }, DRIP_MS)
  return () => {
    clearInterval(drip)
    for (const socket of sockets) {
      socket.destroy()
    }
  }
}

const slowCallers: Scenario = {
  name: 'slow-callers',
  fault: `${CROWD.long} callers with slow headers, as many with slow bodies, a tenth who read nothing (short form: ${CROWD.short})`,
  rounds: { short: 1, long: 20 },
  allows: { longestMs: CROWDED_MS },
  async round(world) {
    const { token, client } = await world.account()
    const somebody = client()
    for (let number = 0; number < 100; number++) {
      await somebody.send({
        method: 'POST',
        path: TASKS,
        body: { title: 'To be asked for again and again', description: 'x'.repeat(1000) }
      })
    }
    somebody.close()
    const goAway = crowd(world, token, world.isLong ? CROWD.long : CROWD.short)
    try {
      await pause(4000)
      // While they are there: to the others they are nothing but sockets.
      await world.backInService(CROWDED_BACK_MS)
    } finally {
      goAway()
    }
    await world.backInService(BACK_MS)
  }
}

const stalled: Scenario = {
  name: 'event-loop-stall',
  fault: `one API stands still (SIGSTOP) for ${STALL_MS.least / 1000} to ${STALL_MS.most / 1000} s`,
  rounds: { short: 3, long: 200 },
  async round(world) {
    await world.aWhile()
    const { service } = world.apis[Math.floor(world.random() * world.apis.length)] as Api
    service.kill('SIGSTOP')
    await pause(STALL_MS.least + world.random() * (STALL_MS.most - STALL_MS.least))
    service.kill('SIGCONT')
    await world.backInService(BACK_MS)
  }
}

export const resources = [poolExhausted, slowCallers, stalled]
