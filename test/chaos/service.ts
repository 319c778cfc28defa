import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ROOT } from '../support/tools.ts'

/** Of a log at once; what is left is read next time. */
const MAX_READ_BYTES = 64 * 1024 * 1024
/** As soon as systemd does by default. */
const RESTART_MS = 100
const scripts: Record<string, string> = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8')
).scripts

/** A process as an operator runs it, under something that starts it again when it dies. */
export class Service {
  readonly name: string
  readonly log: string
  /** How often it was started: more than once only when it died. */
  starts = 0
  /** The code or signal of each end. */
  readonly ends: (number | NodeJS.Signals)[] = []
  private child: ChildProcess | undefined
  private isWanted = false
  private heard = 0
  private readonly found = new Map<string, { at: number; count: number }>()
  private readonly command: string[]
  private readonly env: Record<string, string>

  /** `script` is one of package.json, `start` or `worker`; what it says is kept in `folder`. */
  constructor(name: string, script: string, env: Record<string, string>, folder: string) {
    this.name = name
    this.log = join(folder, `${name}.log`)
    this.command = (scripts[script] as string).split(' ').slice(1)
    // As under npm, which also means that it leaves when we are gone.
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
    this.isWanted = true
    this.starts++
    const log = openSync(this.log, 'a')
    const [flags, entry] = [
      this.command.filter((word) => word.startsWith('--')),
      this.command.filter((word) => !word.startsWith('--'))
    ]
    const child = spawn(
      process.execPath,
      [...flags, join(ROOT, entry[0] as string), ...entry.slice(1)],
      { cwd: this.env.DATA_DIR, env: this.env, stdio: ['ignore', log, log] }
    )
    closeSync(log)
    this.child = child
    child.once('exit', async (code, signal) => {
      this.ends.push(code ?? (signal as NodeJS.Signals))
      await pause(RESTART_MS)
      if (this.isWanted && this.child === child) {
        this.start()
      }
    })
  }

  kill(signal: NodeJS.Signals): void {
    this.child?.kill(signal)
  }

  /** Asks it to leave and gives its exit code and how long it took; it is not started again. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ code: number | null; ms: number }> {
    this.isWanted = false
    const child = this.child
    if (!child || child.exitCode !== null || child.signalCode !== null) {
      return { code: child?.exitCode ?? null, ms: 0 }
    }
    const startedAt = performance.now()
    const gone = once(child, 'exit')
    child.kill(signal)
    const [code] = await gone
    return { code, ms: performance.now() - startedAt }
  }

  /** In how many lines of its log something stands. Reads on where it stopped: the log may be long. */
  said(text: string): number {
    const known = this.found.get(text) ?? { at: 0, count: 0 }
    const news = this.read(known.at)
    const count = known.count + news.split('\n').filter((line) => line.includes(text)).length
    this.found.set(text, { at: known.at + Buffer.byteLength(news), count })
    return count
  }

  /** What it has said at level error and above since it was asked last, one line each. */
  complaints(): string[] {
    const news = this.read(this.heard)
    this.heard += Buffer.byteLength(news)
    return news
      .split('\n')
      .filter(
        (line) =>
          /"level":[56]0/.test(line) ||
          (line !== '' && !line.startsWith('{') && /Error|uncaught/i.test(line))
      )
  }

  /** Whole lines from a place in the log on. */
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
