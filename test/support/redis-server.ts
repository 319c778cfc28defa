import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { freePort } from './postgres-server.ts'

const given = process.env.TEST_REDIS_URL
const isInstalled = (() => {
  try {
    execFileSync('redis-server', ['--version'])
    return true
  } catch {
    return false
  }
})()

/** Why tests that stop a Redis cannot run here, or false. */
export const withoutOwnRedis: string | false = isInstalled
  ? false
  : 'redis-server is not installed on this machine'
/** Why tests that only use a Redis cannot run here, or false. */
export const withoutRedis: string | false = given === undefined && withoutOwnRedis

/** The Redis of the suite, emptied; or one of the test's own. */
export async function redisUrl(t: Pick<Test, 'teardown'>): Promise<string> {
  if (given === undefined) {
    return (await startRedis(t)).url
  }
  const client = new Redis(given)
  const kept = await client.keys('tasklane:*')
  if (kept.length > 0) {
    await client.del(...kept)
  }
  client.disconnect()
  return given
}

/** A Redis that the test may kill, freeze and start again. It goes with the test. */
export async function startRedis(t: Pick<Test, 'teardown'>) {
  const port = await freePort()
  let server: ChildProcess | undefined

  const start = async (): Promise<void> => {
    const child = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
      { stdio: ['ignore', 'pipe', 'ignore'] }
    )
    server = child
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      if (line.includes('Ready to accept connections')) {
        child.stdout?.resume()
        return
      }
    }
    throw new Error('Redis did not start')
  }
  const kill = async (): Promise<void> => {
    const child = server
    server = undefined
    if (!child || child.exitCode !== null) {
      return
    }
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  const lastResort = () => {
    server?.kill('SIGKILL')
  }
  process.once('exit', lastResort)
  t.teardown(async () => {
    process.removeListener('exit', lastResort)
    await kill()
  })
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill,
    freeze: () => {
      server?.kill('SIGSTOP')
    },
    thaw: () => {
      server?.kill('SIGCONT')
    }
  }
}
