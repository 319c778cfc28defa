import cluster from 'node:cluster'
import { isatty } from 'node:tty'
import type { Logger } from 'pino'
import { exitWithParent } from './parent-watch.ts'

/** Orchestrators usually kill a process after 10 s. One that has not ended by then is stuck and ends itself. */
const HARD_STOP_MS = 10_000

/** `skipDrain`: there is no load balancer to wait for, as after Ctrl+C or an error. */
type Steps = (skipDrain: boolean) => Promise<void>

export interface Shutdown {
  isShuttingDown: () => boolean
  /** Sets the steps of a shutdown. Before it is called the process just ends. */
  onShutdown: (steps: Steps) => void
}

/** Shuts the process down at SIGTERM and SIGINT, when the npm that started it ends, and after an uncaught error. */
export function setUpShutdown(logger: Logger): Shutdown {
  let isShuttingDown = false
  let steps: Steps | undefined
  const shutDown = async (reason: string, exitCode: number, skipDrain: boolean): Promise<void> => {
    // Explicitly: as process 1 of a container it would not end by a signal alone.
    if (!steps) {
      process.exit(exitCode)
    }
    if (isShuttingDown) {
      return
    }
    isShuttingDown = true
    logger.info({ reason }, 'shutting down')
    setTimeout(() => {
      logger.fatal('the shutdown took too long')
      process.exit(1)
    }, HARD_STOP_MS).unref()
    await steps(skipDrain)
    logger.flush(() => process.exit(exitCode))
  }
  listenForEnd(shutDown)
  listenForHangUp(logger, shutDown)
  return {
    isShuttingDown: () => isShuttingDown,
    onShutdown: (given) => {
      steps = given
      process.once('uncaughtException', (err) => {
        logger.fatal({ err }, 'uncaught exception')
        shutDown('uncaught exception', 1, true)
      })
      process.once('unhandledRejection', (err) => {
        logger.fatal({ err }, 'unhandled rejection')
        shutDown('unhandled rejection', 1, true)
      })
    }
  }
}

function listenForEnd(
  shutDown: (reason: string, exitCode: number, skipDrain: boolean) => void
): void {
  // A second Ctrl+C kills the process, except a cluster worker, which gets each one twice: from the terminal and from
  // the primary process.
  const listen = cluster.isWorker ? process.on.bind(process) : process.once.bind(process)
  listen('SIGTERM', () => {
    shutDown('SIGTERM', 0, false)
  })
  listen('SIGINT', () => {
    shutDown('SIGINT', 0, true)
  })
  if (cluster.isWorker) {
    process.once('disconnect', () => {
      shutDown('the primary process has ended', 0, true)
    })
  }
  exitWithParent(() => {
    shutDown('npm has ended', 0, true)
  })
}

/**
 * SIGHUP ends what runs in a terminal that is closed. A service goes on: there it is sent by somebody who expects that
 * processes are replaced, which a supervisor does (cluster.ts), also when each of its processes gets it.
 */
function listenForHangUp(
  logger: Logger,
  shutDown: (reason: string, exitCode: number, skipDrain: boolean) => void
): void {
  const hasTerminal = isatty(0) || isatty(1)
  process.on('SIGHUP', () => {
    if (cluster.isWorker) {
      return
    }
    if (hasTerminal) {
      shutDown('SIGHUP', 0, true)
    } else {
      logger.warn('SIGHUP was ignored: it replaces processes where WEB_CONCURRENCY is above 1')
    }
  })
}
