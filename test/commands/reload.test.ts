import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Server, startServer } from '../support/command.ts'
import { createTestDatabase, serverUrl, skipWithoutServer as skip } from '../support/database.ts'
import { processesOf } from '../support/processes.ts'
import { waitUntil } from '../support/wait-until.ts'

const database = serverUrl === undefined ? undefined : await createTestDatabase()
t.teardown(() => database?.close())
const env = {
  DATABASE_URL: database?.url ?? '',
  WEB_CONCURRENCY: '2',
  DATABASE_POOL_SIZE: '4',
  DRAIN_SECONDS: '0'
}

const REPLACED_MS = 60_000

/** Waits until two processes run, of which none is one of these; returns them. */
async function replacementOf(server: Server, before: number[]): Promise<number[]> {
  const now = () => processesOf(server)
  await waitUntil(
    'the replacement of both',
    () => now().length === 2 && now().every((pid) => !before.includes(pid)),
    REPLACED_MS
  )
  return now()
}

/** Returns what waits for a text in the log from now on. */
function logOf({ child }: Server) {
  let log = ''
  child.stdout?.on('data', (text) => {
    log += text
  })
  return (text: string) => waitUntil(text, () => log.includes(text), REPLACED_MS)
}

t.test(
  'SIGHUP replaces every process also when one dies while another starts in its place, and so does the next SIGHUP',
  { skip },
  async (t) => {
    const server = await startServer(t, env, t.testdir())
    const before = processesOf(server)
    server.child.kill('SIGHUP')
    await waitUntil('a replacement that starts', () => processesOf(server).length === 3)
    process.kill(before[0] as number, 'SIGKILL')
    const after = await replacementOf(server, before)
    server.child.kill('SIGHUP')
    await replacementOf(server, after)
    t.equal((await server.stop('SIGTERM')).code, 0)
  }
)

t.test(
  'SIGHUP replaces every process after one had died whose replacement could not start',
  { skip },
  async (t) => {
    const folder = t.testdir()
    const server = await startServer(t, env, folder)
    const logged = logOf(server)
    const before = processesOf(server)
    writeFileSync(join(folder, '.env'), 'SMTP_URL=nonsense\n')
    process.kill(before[0] as number, 'SIGKILL')
    await logged('the replacement did not start')
    rmSync(join(folder, '.env'))
    server.child.kill('SIGHUP')
    const after = await replacementOf(server, before)
    server.child.kill('SIGHUP')
    await replacementOf(server, after)
    t.equal((await server.stop('SIGTERM')).code, 0)
  }
)

t.test('SIGHUP replaces every process also when an old one hangs', { skip }, async (t) => {
  const server = await startServer(t, env, t.testdir())
  const logged = logOf(server)
  const before = processesOf(server)
  const hanging = before[0] as number
  t.teardown(() => existsSync(`/proc/${hanging}`) && process.kill(hanging, 'SIGKILL'))
  process.kill(hanging, 'SIGSTOP')
  server.child.kill('SIGHUP')
  await replacementOf(server, before)
  await logged(`"pid":${hanging},"msg":"a replaced process did not end and is killed"`)
  t.equal((await server.stop('SIGTERM')).code, 0)
})
