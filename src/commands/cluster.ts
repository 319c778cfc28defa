import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { serveClusterCounters } from '../core/cluster-counters.ts'
import { exitWithParent } from './parent-watch.ts'

/** Pause between attempts to start a process. One that dies while it serves is replaced at once. */
const RETRY_MS = 1000
/** A little more than the time after which a process ends its own shutdown. */
const HARD_STOP_MS = 12_000

/** Environment variable with the number of a process in the cluster, from 1, for what must differ between them. */
export const WORKER_SLOT = 'TASKLANE_WORKER_SLOT'

/** A place for one server process. */
interface Slot {
  number: number
  /** The last process that served in it, which may have died since. */
  serving?: { worker: Worker; port: number }
  /** Settles when nobody starts a process in it. */
  turn: Promise<unknown>
}

interface Cluster {
  logger: Logger
  /** Those that are served, or are about to be for the first time. */
  slots: Slot[]
  isShuttingDown: boolean
  isReplacing: boolean
}

/**
 * Runs `size` servers on one port and replaces those that die. SIGTERM and SIGINT shut all of them down; SIGHUP
 * replaces them one by one, each new process serving before the old one shuts down. Resolves when all are
 * listening.
 */
export async function runCluster(size: number, logger: Logger): Promise<{ port: number }> {
  const state: Cluster = {
    logger,
    slots: [],
    isShuttingDown: false,
    isReplacing: false
  }
  serveClusterCounters()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      shutDown(state, signal)
    })
  }
  exitWithParent(() => {
    shutDown(state, 'SIGINT')
  })
  process.on('SIGHUP', () => {
    replaceAll(state)
  })
  const ports: number[] = []
  // One by one: the first migrates, and an error is reported once.
  for (let number = 1; number <= size; number++) {
    const slot: Slot = { number, turn: Promise.resolve() }
    state.slots.push(slot)
    ports.push(await startWithRetry(state, slot))
  }
  logger.info(
    { supervisor: process.pid, processes: size },
    'all server processes serve; SIGHUP to the supervisor replaces them one by one'
  )
  const [port = 0] = ports
  return { port }
}

/**
 * Runs `start` when nobody else starts a process in the slot: of two, one would serve unknown to us, with the number
 * and the log file of the other.
 */
function inTurn<T>(slot: Slot, start: () => Promise<T>): Promise<T> {
  const started = slot.turn.then(start)
  slot.turn = started.catch(() => {})
  return started
}

/** Starts a process if none serves in the slot, and returns the port on which the one in it serves. */
const fill = (state: Cluster, slot: Slot): Promise<number> =>
  inTurn(slot, async () => {
    const { serving } = slot
    return serving && !serving.worker.isDead() ? serving.port : startWorker(state, slot)
  })

/** Starts a process and returns the port on which it serves. Only for whoever has the turn of the slot. */
async function startWorker(state: Cluster, slot: Slot): Promise<number> {
  if (state.isShuttingDown) {
    throw new Error('no process is started during the shutdown')
  }
  const worker = cluster.fork({ [WORKER_SLOT]: String(slot.number) })
  const exited = exitOf(worker)
  const outcome = await Promise.race([portOf(worker), exited])
  if (typeof outcome !== 'number') {
    throw new WorkerStartError(worker, outcome.code)
  }
  // Only now: during the start the slot still belongs to the process before it.
  slot.serving = { worker, port: outcome }
  exited.then(({ code, signal }) => {
    if (!state.isShuttingDown && slot.serving?.worker === worker) {
      const { pid } = worker.process
      state.logger.error({ pid, code, signal }, 'a server process has died and is replaced')
      startReplacement(state, slot)
    }
  })
  return outcome
}

interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** Resolves when a process has ended. Of one that ended before, the event does not come again. */
async function exitOf(worker: Worker): Promise<Exit> {
  if (worker.isDead()) {
    const { exitCode, signalCode } = worker.process
    return { code: exitCode, signal: signalCode }
  }
  const [code, signal] = await once(worker, 'exit')
  return { code, signal }
}

/** Resolves with the port when the process listens. */
async function portOf(worker: Worker): Promise<number> {
  const [{ port }] = await once(worker, 'listening')
  return port
}

/** Starts a process in the slot of one that died, again and again until it serves. */
async function startReplacement(state: Cluster, slot: Slot): Promise<void> {
  while (!state.isShuttingDown) {
    try {
      await fill(state, slot)
      return
    } catch (err) {
      if (!state.isShuttingDown) {
        state.logger.error({ err }, 'the replacement did not start')
      }
    }
    await pause(RETRY_MS)
  }
}

/**
 * Starts a process, again if it was killed meanwhile (by an operator, or for lack of memory). Throws when a process
 * ends by itself: then the others would not start either.
 */
async function startWithRetry(state: Cluster, slot: Slot): Promise<number> {
  for (;;) {
    try {
      return await fill(state, slot)
    } catch (err) {
      const wasKilled = err instanceof WorkerStartError && err.code === null
      if (state.isShuttingDown || !wasKilled) {
        throw err
      }
      state.logger.error({ err }, 'a server process was killed while it started')
    }
    await pause(RETRY_MS)
  }
}

/** Ends all processes and then this one, with status 0 if all ended as they were asked to. */
async function shutDown(state: Cluster, signal: NodeJS.Signals): Promise<void> {
  if (state.isShuttingDown) {
    return
  }
  state.isShuttingDown = true
  const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
  setTimeout(() => {
    for (const worker of workers) {
      worker.process.kill('SIGKILL')
    }
    process.exit(1)
  }, HARD_STOP_MS).unref()
  const areClean = await Promise.all(workers.map((worker) => endsCleanly(worker, signal)))
  state.logger.flush(() => process.exit(areClean.every(Boolean) ? 0 : 1))
}

/** Sends a signal and waits for the end. A process that was still starting may not have a handler for it yet. */
async function endsCleanly(worker: Worker, signal: NodeJS.Signals): Promise<boolean> {
  const exited = exitOf(worker)
  worker.process.kill(signal)
  const { code, signal: endedBy } = await exited
  return code === 0 || endedBy === signal
}

/** Replaces all processes, unless that is already in progress. */
async function replaceAll(state: Cluster): Promise<void> {
  if (state.isReplacing) {
    return
  }
  state.isReplacing = true
  state.logger.info('replacing the server processes one by one')
  try {
    for (const slot of state.slots) {
      await replace(state, slot)
    }
  } catch (err) {
    if (!state.isShuttingDown) {
      state.logger.error({ err }, 'the processes were not all replaced')
    }
  } finally {
    state.isReplacing = false
  }
}

/** Starts a process in a slot and ends the one before it, unless that has died meanwhile. */
async function replace(state: Cluster, slot: Slot): Promise<void> {
  const old = await inTurn(slot, async () => {
    const { serving } = slot
    // Without one the slot is still being started, and whoever does that reads the present settings.
    if (serving) {
      await startWorker(state, slot)
    }
    return serving?.worker
  })
  if (old) {
    await endReplaced(state, old)
  }
}

/** Ends a process that another one has replaced; kills it if it hangs, for the others wait to be replaced. */
async function endReplaced({ logger }: Cluster, worker: Worker): Promise<void> {
  const timer = setTimeout(() => {
    logger.error({ pid: worker.process.pid }, 'a replaced process did not end and is killed')
    worker.process.kill('SIGKILL')
  }, HARD_STOP_MS)
  await endsCleanly(worker, 'SIGTERM')
  clearTimeout(timer)
}

/** A process ended before it served: by itself with a code, or killed without one. */
class WorkerStartError extends Error {
  code: number | null
  constructor(worker: Worker, code: number | null) {
    super(
      `the server process ${worker.process.pid} ended with ${code ?? 'a signal'} before it served`
    )
    this.code = code
  }
}
