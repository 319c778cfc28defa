import { readFileSync } from 'node:fs'
import { waitUntil } from '../support/wait-until.ts'
import type { Service } from './service.ts'

/** With this among its variables a process opens its inspector, when it is asked to, where no other one's is. */
export const INSPECTABLE = { NODE_OPTIONS: '--inspect-port=0' }
const ADDRESS = /ws:\/\/127\.0\.0\.1:\d+\/[\w-]+/g
const HELD =
  '(() => { const { heapUsed, external } = process.memoryUsage(); return (heapUsed + external) / 1048576 })()'

/** Asks a process how many MiB it holds when all that it no longer needs has been collected. What the system sees of it says little: V8 gives back late. */
export async function openHeap(
  service: Service
): Promise<{ held: () => Promise<number>; close: () => void }> {
  const addresses = () => readFileSync(service.log, 'utf8').match(ADDRESS) ?? []
  const before = addresses().length
  service.kill('SIGUSR1')
  await waitUntil('the inspector', () => addresses().length > before)
  const socket = new WebSocket(addresses().at(-1) as string)
  const answers = new Map<number, (result: unknown) => void>()
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(data)
    answers.get(id)?.(result)
    answers.delete(id)
  })
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  let asked = 0
  const ask = <T>(method: string, params = {}): Promise<T> =>
    new Promise((resolve) => {
      answers.set(++asked, resolve as (result: unknown) => void)
      socket.send(JSON.stringify({ id: asked, method, params }))
    })
  return {
    async held() {
      await ask('HeapProfiler.collectGarbage')
      const { result } = await ask<{ result: { value: number } }>('Runtime.evaluate', {
        expression: HELD,
        returnByValue: true
      })
      return result.value
    },
    close: () => socket.close()
  }
}
