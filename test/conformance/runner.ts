import { spawn } from 'node:child_process'

const PATIENCE_MS = 15 * 60_000

export interface RunOptions {
  cwd?: string
  env?: Record<string, string>
  ms?: number
}
/** Runs a command to its end and answers what it said; one that fails, or takes too long, is an error that holds it. */
export type Runner = (command: string, args: string[], options?: RunOptions) => Promise<string>

export class CommandFailed extends Error {
  readonly output: string
  constructor(command: string, how: string, output: string) {
    super(`${command} ${how}`)
    this.output = output
  }
}

/** Everything that was run for one language, command by command. */
export class Log {
  readonly parts: string[] = []
  get text(): string {
    return this.parts.join('')
  }

  readonly run: Runner = (command, args, { cwd, env, ms = PATIENCE_MS } = {}) =>
    new Promise((resolve, reject) => {
      this.parts.push(`\n$ ${[command, ...args].join(' ')}\n`)
      const child = spawn(command, args, {
        cwd,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: ms,
        killSignal: 'SIGKILL'
      })
      let output = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text
          this.parts.push(text)
        })
      }
      child.once('error', (error) =>
        reject(new CommandFailed(command, `could not be started: ${error.message}`, output))
      )
      child.once('close', (code, signal) =>
        code === 0
          ? resolve(output)
          : reject(
              new CommandFailed(
                command,
                signal ? `took longer than ${ms / 1000} s` : `ended with ${code}`,
                output
              )
            )
      )
    })
}
