import cluster from 'node:cluster'
import type { Logger } from 'pino'
import { exitWithParent } from './parent-watch.ts'

/** An orchestrator gives up after 10 s by habit; a process that has not left by then is stuck and ends itself. */
const HARD_STOP_MS = 10_000

export interface Shutdown {
  isShuttingDown: () => boolean
  /** From now on leaving means these steps; hurried when nobody has to be waited for. Before, the process just ends. */
  onShutdown: (steps: (isHurried: boolean) => Promise<void>) => void
}

/** Ends the process in order when it is asked to, when the npm that started it has gone, and when something unforeseen breaks it. */
export function setUpShutdown(logger: Logger): Shutdown {
  let leaving = false
  let steps: ((isHurried: boolean) => Promise<void>) | undefined
  const leave = async (reason: string, exitCode: number, isHurried: boolean): Promise<void> => {
    // As process 1 of a container nothing but a handler of ours ends us.
    if (!steps) {
      process.exit(exitCode)
    }
    if (leaving) {
      return
    }
    leaving = true
    logger.info({ reason }, 'leaving')
    setTimeout(() => {
      logger.fatal('still busy after the hard limit')
      process.exit(1)
    }, HARD_STOP_MS).unref()
    await steps(isHurried)
    logger.flush(() => process.exit(exitCode))
  }
  // A second Ctrl+C ends us at once. One of several gets the first twice, from the terminal and from its supervisor.
  const listen = cluster.isWorker ? process.on.bind(process) : process.once.bind(process)
  listen('SIGTERM', () => {
    leave('SIGTERM', 0, false)
  })
  listen('SIGINT', () => {
    leave('SIGINT', 0, true)
  })
  if (cluster.isWorker) {
    process.once('disconnect', () => {
      leave('the supervisor has gone', 0, true)
    })
  }
  exitWithParent(() => {
    leave('npm has ended', 0, true)
  })
  return {
    isShuttingDown: () => leaving,
    onShutdown: (given) => {
      steps = given
      process.once('uncaughtException', (err) => {
        logger.fatal({ err }, 'uncaught exception')
        leave('uncaught exception', 1, true)
      })
      process.once('unhandledRejection', (err) => {
        logger.fatal({ err }, 'unhandled rejection')
        leave('unhandled rejection', 1, true)
      })
    }
  }
}
