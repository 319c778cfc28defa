import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { FILE_TIMEOUT_MS, FRESH, SPENT } from './protocol.ts'
import type { Ended, Report } from './report.ts'

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))
/** tap ends a file that takes too long and says where it was; a process that cannot even do that is killed. */
const KILL_AFTER_MS = FILE_TIMEOUT_MS + 20_000

/** Runs files in a number of processes at once; each process takes the next file when it has ended one. */
export async function runFiles(
  files: string[],
  { jobs, env }: { jobs: number; env: NodeJS.ProcessEnv },
  report: Report
): Promise<void> {
  const waiting = [...files]
  const work = async () => {
    let worker: Worker | undefined
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      worker ??= startWorker(env)
      const { isFresh, ...ended } = await worker.run(file)
      report.add(ended)
      if (!isFresh) {
        report.addRest(await worker.end())
        worker = undefined
      }
    }
    report.addRest((await worker?.end()) ?? [])
  }
  await Promise.all(Array.from({ length: jobs }, work))
}

interface Worker {
  /** Runs a file; says whether the process may run another one. */
  run(file: string): Promise<Ended & { isFresh: boolean }>
  /** Ends the process; returns what it says then. */
  end(): Promise<string[]>
}

function startWorker(env: NodeJS.ProcessEnv): Worker {
  // The process as a whole may take as long as it likes.
  const child = spawn(process.execPath, [WORKER], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...env, TAP_TIMEOUT: '0' }
  })
  // A process that has ended takes no message, and the error must not count for its end.
  child.on('error', () => {})
  const closed = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('close', (...ended) => resolve(ended))
  })
  const next = readerOf(child)
  const started = next()
  return {
    async run(file) {
      await started
      child.send(file)
      const killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
      const { lines, end } = await next()
      clearTimeout(killer)
      if (end === undefined) {
        const [code, signal] = await closed
        return { file, lines, lost: `its process ended with ${signal ?? code}`, isFresh: false }
      }
      return { file, lines, isFresh: end === FRESH }
    },
    async end() {
      if (child.connected) {
        child.disconnect()
      }
      return (await next()).lines
    }
  }
}

interface Said {
  lines: string[]
  end?: string
}

/** Returns a function that waits until a worker is ready again or has ended, and returns what it says until then. */
function readerOf(child: ChildProcess): () => Promise<Said> {
  const output = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })
  const iterator = output[Symbol.asyncIterator]()
  return async () => {
    const lines: string[] = []
    for (let line = await iterator.next(); !line.done; line = await iterator.next()) {
      const end = [FRESH, SPENT].find((it) => line.value === `# ${it}`)
      if (end !== undefined) {
        return { lines, end }
      }
      lines.push(line.value)
    }
    return { lines }
  }
}
