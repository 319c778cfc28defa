import type { Logger } from 'pino'

/** Recurring work that any instance may do: each run handles a limited number of items and says if there are more. */
export interface ScheduledTask {
  name: string
  everySeconds: number
  run: () => Promise<{ done: number; more: boolean }>
}

/** Runs in a row before other work gets its turn; the rest follows at the next time. */
const MAX_RUNS = 200

interface Scheduler {
  log: Logger
  isStopped: boolean
  timers: Map<ScheduledTask, NodeJS.Timeout>
  running: Set<Promise<void>>
}

/**
 * Runs each task at its interval until stopped. A failure is logged, and the task runs again at its next time. `stop`
 * waits for the runs in progress.
 */
export function startScheduler(tasks: ScheduledTask[], log: Logger): { stop: () => Promise<void> } {
  const scheduler: Scheduler = { log, isStopped: false, timers: new Map(), running: new Set() }
  for (const task of tasks) {
    schedule(scheduler, task)
  }
  return {
    stop: async () => {
      scheduler.isStopped = true
      for (const timer of scheduler.timers.values()) {
        clearTimeout(timer)
      }
      await Promise.all(scheduler.running)
    }
  }
}

function schedule(scheduler: Scheduler, task: ScheduledTask): void {
  // With jitter, so that instances that started together do not stay in step.
  const ms = task.everySeconds * 1000 * (0.75 + Math.random() / 2)
  const timer = setTimeout(() => {
    const work = runTask(scheduler, task).finally(() => {
      scheduler.running.delete(work)
      if (!scheduler.isStopped) {
        schedule(scheduler, task)
      }
    })
    scheduler.running.add(work)
  }, ms)
  scheduler.timers.set(task, timer.unref())
}

async function runTask(scheduler: Scheduler, { name, run }: ScheduledTask): Promise<void> {
  const { log } = scheduler
  let total = 0
  try {
    for (let runs = 0, more = true; more && !scheduler.isStopped && runs < MAX_RUNS; runs++) {
      const result = await run()
      total += result.done
      more = result.more
    }
    if (total > 0) {
      log.info({ scheduled_task: name, done: total }, 'scheduled task done')
    }
  } catch (err) {
    log.warn({ err, scheduled_task: name }, 'scheduled task failed')
  }
}
