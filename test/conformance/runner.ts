import { spawn } from 'node:child_process'

const TIMEOUT_MS = 15 * 60_000

export interface RunOptions {
  cwd?: string
  env?: Record<string, string>
  timeoutMs?: number
}
/** Runs a command to its end and returns its output; throws a CommandError when it fails or times out. */
export type Runner = (command: string, args: string[], options?: RunOptions) => Promise<string>

export class CommandError extends Error {
  readonly output: string
  constructor(command: string, reason: string, output: string) {
    super(`${command} ${reason}`)
    this.output = output
  }
}

/** Runs the commands of one language, and collects them with their output. */
export class CommandLog {
  private readonly parts: string[] = []
  get text(): string {
    return this.parts.join('')
  }

  readonly run: Runner = (command, args, { cwd, env, timeoutMs = TIMEOUT_MS } = {}) =>
    new Promise((resolve, reject) => {
      this.parts.push(`\n$ ${[command, ...args].join(' ')}\n`)
      const child = spawn(command, args, {
        cwd,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: timeoutMs,
        killSignal: 'SIGKILL'
      })
      let output = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text
          this.parts.push(text)
        })
      }
      const fail = (reason: string) => reject(new CommandError(command, reason, output))
      child.once('error', (error) => fail(`could not be started: ${error.message}`))
      child.once('close', (code, signal) => {
        if (code === 0) {
          resolve(output)
        } else {
          fail(signal ? `took longer than ${timeoutMs / 1000} s` : `ended with ${code}`)
        }
      })
    })
}
