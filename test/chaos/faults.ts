import type { ScenarioContext } from './scenario.ts'

const FAULTS: ((context: ScenarioContext) => Promise<unknown>)[] = [
  ({ postgres }) => postgres.terminateBackends(),
  async ({ postgres }) => {
    await postgres.stop('immediate')
    await postgres.start()
  },
  async ({ apis, random }) => {
    apis[Math.floor(random() * apis.length)]?.service.kill('SIGKILL')
  },
  async ({ postgresProxy, randomDelay }) => {
    postgresProxy.setFault({ kind: 'reset' })
    await randomDelay()
    postgresProxy.setFault({ kind: 'none' })
  },
  async ({ postgresProxy, randomDelay }) => {
    postgresProxy.setFault({ kind: 'latency', ms: 30 })
    await randomDelay()
    postgresProxy.setFault({ kind: 'none' })
  },
  async ({ postgres, randomDelay }) => {
    await postgres.freeze()
    await randomDelay()
    postgres.thaw()
  }
]

/** Injects one fault, chosen at random, and removes it. */
export const injectRandomFault = async (context: ScenarioContext): Promise<void> => {
  await FAULTS[Math.floor(context.random() * FAULTS.length)]?.(context)
}
