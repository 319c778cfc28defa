import type { World } from './scenario.ts'

const FAULTS: ((world: World) => Promise<unknown>)[] = [
  (world) => world.postgres.terminateBackends(),
  async (world) => {
    await world.postgres.stop('immediate')
    await world.postgres.start()
  },
  async (world) => {
    world.apis[Math.floor(world.random() * world.apis.length)]?.service.kill('SIGKILL')
  },
  async (world) => {
    world.toPostgres.turn({ kind: 'reset' })
    await world.aWhile()
    world.toPostgres.turn({ kind: 'clear' })
  },
  async (world) => {
    world.toPostgres.turn({ kind: 'slow', ms: 30 })
    await world.aWhile()
    world.toPostgres.turn({ kind: 'clear' })
  },
  async (world) => {
    await world.postgres.freeze()
    await world.aWhile()
    world.postgres.thaw()
  }
]

/** Makes one fault, chosen by chance, and mends it. */
export const someFault = async (world: World): Promise<void> => {
  await FAULTS[Math.floor(world.random() * FAULTS.length)]?.(world)
}
