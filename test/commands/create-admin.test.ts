import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { call, logIn, startServer } from '../support/command.ts'
import { PASSWORD } from '../support/test-app.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
/** `script` of util-linux gives a program a terminal. */
const skip = !existsSync('/usr/bin/script') && 'needs /usr/bin/script to have a terminal'

/** Runs create-admin in a terminal. */
function runInTerminal(t: Test, cwd: string) {
  const command = `'${process.execPath}' '${CLI}' create-admin --username root`
  const child: ChildProcess = spawn('/usr/bin/script', ['-qec', command, '/dev/null'], {
    cwd,
    env: { PATH: process.env.PATH, DATA_DIR: cwd },
    stdio: ['pipe', 'pipe', 'inherit']
  })
  t.teardown(() => child.kill('SIGKILL'))
  let screen = ''
  const waiting: (() => void)[] = []
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    screen += text
    for (const look of waiting) {
      look()
    }
  })
  return {
    /** Types keys once the screen shows a text. */
    type: async (shown: RegExp, keys: string) => {
      await new Promise<void>((resolve) => {
        const look = () => shown.test(screen) && resolve()
        waiting.push(look)
        look()
      })
      child.stdin?.write(keys)
    },
    ended: once(child, 'close').then(([code]) => ({ code, screen }))
  }
}

t.test(
  'a password that is typed at a terminal is asked for twice and never shown',
  { skip },
  async (t) => {
    const cwd = t.testdir()
    const terminal = runInTerminal(t, cwd)
    await terminal.type(/Password: /, `${PASSWORD}\r`)
    await terminal.type(/The same again: /, `${PASSWORD}\r`)
    const { code, screen } = await terminal.ended
    t.equal(code, 0)
    t.match(screen, /Created admin root\./)
    t.notMatch(screen, PASSWORD)
    t.notMatch(screen, 'correct')

    const { url, stop } = await startServer(t, { DATA_DIR: cwd }, cwd)
    const me = await call(`${url}/api/v1/me`, { token: await logIn(url, 'root') })
    t.equal(me.body.role, 'admin')
    await stop('SIGKILL')
  }
)

t.test('two different passwords create nothing', { skip }, async (t) => {
  const terminal = runInTerminal(t, t.testdir())
  await terminal.type(/Password: /, `${PASSWORD}\r`)
  await terminal.type(/The same again: /, `${PASSWORD}!\r`)
  const { code, screen } = await terminal.ended
  t.equal(code, 1)
  t.match(screen, /The two passwords differ\. Nothing was changed\./)
})

t.test('Ctrl+C at the question ends the command without a word', { skip }, async (t) => {
  const terminal = runInTerminal(t, t.testdir())
  await terminal.type(/Password: /, 'corr\u0003')
  const { code, screen } = await terminal.ended
  t.equal(code, 130)
  t.equal(screen.trim(), 'Password:')
})

t.test('Ctrl+D at the question says that nothing was created', { skip }, async (t) => {
  const terminal = runInTerminal(t, t.testdir())
  await terminal.type(/Password: /, '\u0004')
  const { code, screen } = await terminal.ended
  t.equal(code, 1)
  t.match(screen, /^Password: \s+No password was given\. Nothing was changed\.\s+$/)
})
