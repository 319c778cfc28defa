import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { serveClusterCounters } from '../core/cluster-counters.ts'
import { exitWithParent } from './parent-watch.ts'

/** A process that dies while it serves is replaced at once; one that keeps dying, no faster than this. */
const REPLACE_MS = 1000
/** A little more than a process takes for itself before it gives up on leaving in order. */
const HARD_STOP_MS = 12_000

/** Names the place of a process among its siblings, from 1, for what may exist once for each. */
export const WORKER_SLOT = 'TASKLANE_PLACE'

/**
 * Runs so many servers on one port and replaces those that die. SIGTERM and SIGINT end all of them in order; SIGHUP
 * replaces one after the other, the new one serving before the old one leaves. Resolves when all are listening.
 */
export async function runCluster(size: number, logger: Logger): Promise<{ port: number }> {
  const places = new Map<number, Worker>()
  let leaving = false
  let isReplacing = false
  serveClusterCounters()

  const start = async (place: number): Promise<number> => {
    const worker = cluster.fork({ [WORKER_SLOT]: String(place) })
    const ended = once(worker, 'exit') as Promise<[number | null, string | null]>
    const [first] = await Promise.race([
      once(worker, 'listening') as Promise<[{ port: number }]>,
      ended
    ])
    if (first === null || typeof first === 'number') {
      throw new NotServing(worker, first)
    }
    // Only now: while it was starting, the one before it held the place, and is watched.
    places.set(place, worker)
    ended.then(async ([code, signal]) => {
      if (leaving || places.get(place) !== worker) {
        return
      }
      logger.error(
        { pid: worker.process.pid, code, signal },
        'a server process has died and is replaced'
      )
      for (;;) {
        if (leaving) {
          return
        }
        try {
          await start(place)
          return
        } catch (err) {
          logger.error({ err }, 'the replacement did not start')
        }
        await pause(REPLACE_MS)
      }
    })
    return first.port
  }

  const leave = async (signal: NodeJS.Signals): Promise<void> => {
    if (leaving) {
      return
    }
    leaving = true
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
    setTimeout(() => {
      for (const worker of workers) {
        worker.process.kill('SIGKILL')
      }
      process.exit(1)
    }, HARD_STOP_MS).unref()
    // One that was still starting may not have known yet what to do with the signal.
    const ends = await Promise.all(
      workers.map(async (worker) => {
        const gone = once(worker, 'exit')
        worker.process.kill(signal)
        return (await gone) as [number | null, NodeJS.Signals | null]
      })
    )
    logger.flush(() =>
      process.exit(ends.every(([code, by]) => code === 0 || by === signal) ? 0 : 1)
    )
  }
  process.once('SIGTERM', () => {
    leave('SIGTERM')
  })
  process.once('SIGINT', () => {
    leave('SIGINT')
  })
  exitWithParent(() => {
    leave('SIGINT')
  })

  const replaceAll = async (): Promise<void> => {
    for (const [place, old] of [...places]) {
      if (leaving) {
        return
      }
      await start(place)
      const gone = once(old, 'exit')
      old.process.kill('SIGTERM')
      await gone
    }
  }
  process.on('SIGHUP', () => {
    if (isReplacing) {
      return
    }
    isReplacing = true
    logger.info('replacing the server processes one by one')
    replaceAll()
      .catch((err) => {
        logger.error({ err }, 'the processes were not all replaced')
      })
      .finally(() => {
        isReplacing = false
      })
  })

  /** One that is killed (by an operator, or because memory was short) has not said that it cannot start: the others are not to end for it. */
  const startSurely = async (place: number): Promise<number> => {
    for (;;) {
      try {
        return await start(place)
      } catch (err) {
        if (leaving || !(err instanceof NotServing) || err.code !== null) {
          throw err
        }
        logger.error({ err }, 'a server process was killed while it started')
      }
      await pause(REPLACE_MS)
    }
  }
  const ports = []
  // One after the other: the first migrates, and a fault is told once.
  for (let place = 1; place <= size; place++) {
    ports.push(await startSurely(place))
  }
  return { port: ports[0] as number }
}

/** A process ended before it served. With a code it has said itself what keeps it from starting; without one it was killed. */
class NotServing extends Error {
  code: number | null
  constructor(worker: Worker, code: number | null) {
    super(
      `the server process ${worker.process.pid} ended with ${code ?? 'a signal'} before it served`
    )
    this.code = code
  }
}
