import { readFileSync } from 'node:fs'
import { waitUntil } from '../support/wait-until.ts'
import type { Service } from './service.ts'

/** Variables that let a process open its inspector on SIGUSR1, on a free port. */
export const INSPECTABLE = { NODE_OPTIONS: '--inspect-port=0' }
const INSPECTOR_URL = /ws:\/\/127\.0\.0\.1:\d+\/[\w-]+/g
const USED_MIB_EXPRESSION = `(() => {
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 1048576
})()`

export interface HeapInspector {
  /** Collects garbage and returns the MiB still in use. Resident memory says little: V8 returns memory late. */
  usedMib(): Promise<number>
  close(): void
}

/** Connects to the inspector of a process. */
export async function inspectHeap(service: Service): Promise<HeapInspector> {
  const urls = () => readFileSync(service.log, 'utf8').match(INSPECTOR_URL) ?? []
  const before = urls().length
  service.kill('SIGUSR1')
  await waitUntil('the inspector', () => urls().length > before)
  const socket = new WebSocket(urls().at(-1) as string)
  const pending = new Map<number, (result: unknown) => void>()
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(data)
    pending.get(id)?.(result)
    pending.delete(id)
  })
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  let lastId = 0
  const call = <T>(method: string, params = {}): Promise<T> =>
    new Promise((resolve) => {
      pending.set(++lastId, resolve as (result: unknown) => void)
      socket.send(JSON.stringify({ id: lastId, method, params }))
    })
  return {
    async usedMib() {
      await call('HeapProfiler.collectGarbage')
      const { result } = await call<{ result: { value: number } }>('Runtime.evaluate', {
        expression: USED_MIB_EXPRESSION,
        returnByValue: true
      })
      return result.value
    },
    close: () => socket.close()
  }
}
