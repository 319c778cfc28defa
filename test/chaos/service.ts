import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ROOT } from '../support/tools.ts'

/** The most to read of a log at once; the next call reads the rest. */
const MAX_READ_BYTES = 64 * 1024 * 1024
/** The default of systemd (RestartSec). */
const RESTART_MS = 100
const scripts: Record<string, string> = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8')
).scripts

const isErrorLine = (line: string): boolean =>
  /"level":[56]0/.test(line) ||
  (line !== '' && !line.startsWith('{') && /Error|uncaught/i.test(line))

/** A process under a supervisor that restarts it when it dies. */
export class Service {
  readonly name: string
  readonly log: string
  /** The exit code or signal of each time it ended. */
  readonly exits: (number | NodeJS.Signals)[] = []
  private child: ChildProcess | undefined
  private shouldRun = false
  private errorsReadTo = 0
  private readonly counted = new Map<string, { readTo: number; count: number }>()
  private readonly command: string[]
  private readonly env: Record<string, string>

  /** `script` is `start` or `worker` of package.json; `folder` holds the log and DATA_DIR. */
  constructor(name: string, script: string, env: Record<string, string>, folder: string) {
    this.name = name
    this.log = join(folder, `${name}.log`)
    this.command = (scripts[script] as string).split(' ').slice(1)
    // npm_lifecycle_event, as under npm, also makes it exit with its parent.
    this.env = {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      DATA_DIR: folder,
      npm_lifecycle_event: script,
      ...env
    }
  }

  get pid(): number {
    return this.child?.pid as number
  }

  start(): void {
    this.shouldRun = true
    const log = openSync(this.log, 'a')
    // Paths of the script are relative to the project, and the process runs in a folder of its own.
    const args = this.command.map((word) => word.replace(/^(\.\/)?src\//, `${ROOT}/src/`))
    const child = spawn(process.execPath, args, {
      cwd: this.env.DATA_DIR,
      env: this.env,
      stdio: ['ignore', log, log]
    })
    closeSync(log)
    this.child = child
    child.once('exit', async (code, signal) => {
      this.exits.push(code ?? (signal as NodeJS.Signals))
      await pause(RESTART_MS)
      if (this.shouldRun && this.child === child) {
        this.start()
      }
    })
  }

  kill(signal: NodeJS.Signals): void {
    this.child?.kill(signal)
  }

  /** Ends the process without a restart; returns its exit code and the time it took. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ code: number | null; ms: number }> {
    this.shouldRun = false
    const child = this.child
    if (!child || child.exitCode !== null || child.signalCode !== null) {
      return { code: child?.exitCode ?? null, ms: 0 }
    }
    const startedAt = performance.now()
    const exited = once(child, 'exit')
    child.kill(signal)
    const [code] = await exited
    return { code, ms: performance.now() - startedAt }
  }

  /** Counts the lines of the log that contain a text. Reads on from the previous call, since the log may be long. */
  countLogLines(text: string): number {
    const previous = this.counted.get(text) ?? { readTo: 0, count: 0 }
    const added = this.read(previous.readTo)
    const count = previous.count + added.split('\n').filter((line) => line.includes(text)).length
    this.counted.set(text, { readTo: previous.readTo + Buffer.byteLength(added), count })
    return count
  }

  /** Returns the lines at level error and above since the previous call. */
  takeErrors(): string[] {
    const added = this.read(this.errorsReadTo)
    this.errorsReadTo += Buffer.byteLength(added)
    return added.split('\n').filter(isErrorLine)
  }

  /** Reads whole lines of the log from an offset on. */
  private read(from: number): string {
    const log = openSync(this.log, 'r')
    try {
      const bytes = Buffer.alloc(Math.max(0, Math.min(MAX_READ_BYTES, fstatSync(log).size - from)))
      readSync(log, bytes, 0, bytes.length, from)
      return bytes.subarray(0, bytes.lastIndexOf('\n') + 1).toString()
    } finally {
      closeSync(log)
    }
  }
}
