import type { FastifyBaseLogger } from 'fastify'

/** Recurring work that any instance may do at any time: each run takes a bounded chunk and says whether there is more. */
export interface ScheduledTask {
  name: string
  everySeconds: number
  run: () => Promise<{ done: number; more: boolean }>
}

/** Chunks in a row before other work gets its turn; what is left comes with the next round. */
const MAX_CHUNKS = 200

/** Runs chores in turn until stopped; a failing one is logged and tried again at its next time. Stopping waits for the chunk under way. */
export function startScheduler(
  chores: ScheduledTask[],
  log: FastifyBaseLogger
): { stop: () => Promise<void> } {
  let stopped = false
  const timers: NodeJS.Timeout[] = []
  const running = new Set<Promise<void>>()

  const runTask = async ({ name, run }: ScheduledTask): Promise<void> => {
    let total = 0
    try {
      for (let i = 0, more = true; more && !stopped && i < MAX_CHUNKS; i++) {
        const chunk = await run()
        total += chunk.done
        more = chunk.more
      }
      if (total > 0) {
        log.info({ chore: name, done: total }, 'chore')
      }
    } catch (err) {
      log.warn({ err, chore: name }, 'chore failed')
    }
  }
  for (const chore of chores) {
    const next = () => {
      // Instances that started together do not stay in step.
      const ms = chore.everySeconds * 1000 * (0.75 + Math.random() / 2)
      timers.push(
        setTimeout(() => {
          const work = runTask(chore).finally(() => {
            running.delete(work)
            if (!stopped) {
              next()
            }
          })
          running.add(work)
        }, ms).unref()
      )
      if (timers.length > chores.length * 2) {
        timers.splice(0, chores.length)
      }
    }
    next()
  }
  return {
    stop: async () => {
      stopped = true
      for (const timer of timers) {
        clearTimeout(timer)
      }
      await Promise.all(running)
    }
  }
}
