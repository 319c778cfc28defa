import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCommand } from './support/command.ts'

t.test('--help prints the usage, and anything unknown is an error with the usage', async (t) => {
  t.match(await runCommand(t, ['serve', '--help']), {
    code: 0,
    stdout: /^Tasklane.*serve.*migrate.*create-admin.*seed.*openapi/s,
    stderr: ''
  })
  t.match(await runCommand(t, []), { code: 2, stdout: /^Tasklane/ })
  const errors: [args: string[], words: RegExp][] = [
    [['dance'], /^There is no command dance\.\n\nTasklane/],
    [['constructor'], /^There is no command constructor/],
    [['serve', 'now'], /^serve takes no argument now/],
    [['migrate', '--force'], /force.*\n\nTasklane/s],
    [['seed', '--username', 'x'], /^seed takes no --username/]
  ]
  for (const [args, words] of errors) {
    t.match(await runCommand(t, args), { code: 2, stdout: '', stderr: words }, args.join(' '))
  }
})

t.test('all configuration errors are named at once, without their values', async (t) => {
  const env = {
    NODE_ENV: 'production',
    PORT: 'hidden-port',
    JWT_SECRET: 'hidden',
    TRUST_PROXY: '1',
    CORS_ORIGINS: '*',
    DATABASE_URL: 'mysql://hidden',
    ACCESS_TOKEN_TTL: '-1',
    LOG_LEVEL: 'hidden-level'
  }
  const { code, stdout, stderr } = await runCommand(t, ['serve'], { env })
  t.equal(code, 1)
  t.equal(stdout, '')
  for (const name of Object.keys(env).filter((variable) => variable !== 'NODE_ENV')) {
    t.match(stderr, new RegExp(`- ${name} `), name)
  }
  t.notMatch(stderr, /hidden|\n +at /)
})

t.test(
  'settings are read from the environment and from .env, and the environment wins',
  async (t) => {
    const cwd = t.testdir()
    writeFileSync(join(cwd, '.env'), 'TRASH_RETENTION_DAYS=soon\nLOG_LEVEL=loud\n')
    t.strictSame(await runCommand(t, ['migrate'], { cwd, env: { LOG_LEVEL: 'warn' } }), {
      code: 1,
      stdout: '',
      stderr: 'The configuration has a fault:\n  - TRASH_RETENTION_DAYS must be a whole number\n'
    })
  }
)

t.test('the committed contract is up to date', async (t) => {
  t.match(await runCommand(t, ['openapi', '--check']), {
    code: 0,
    stdout: /is up to date/,
    stderr: ''
  })
})

t.test(
  'a Node that cannot run TypeScript ends with one line that says what is missing',
  async (t) => {
    const { scripts } = JSON.parse(
      readFileSync(new URL('../package.json', import.meta.url), 'utf8')
    )
    for (const name of ['start', 'migrate', 'worker']) {
      const [, ...args] = scripts[name].split(' ')
      const { status, stderr } = spawnSync(
        process.execPath,
        ['--no-experimental-strip-types', ...args],
        {
          cwd: new URL('..', import.meta.url),
          encoding: 'utf8'
        }
      )
      t.equal(status, 1)
      t.match(
        stderr,
        /^Tasklane needs Node 24, and this is v[\d.]+\. Run: npm rebuild node [^\n]*\n$/
      )
    }
  }
)
