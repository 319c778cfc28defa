import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { COMMANDS, type CommandName } from '../../src/commands/command-line.ts'
import { runCommand } from '../support/command.ts'

const COMMAND_NAMES = Object.keys(COMMANDS) as CommandName[]

const { scripts, version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
)

t.test('--help lists every command, and --version is the one of the package', async (t) => {
  for (const args of [['--help'], ['-h'], ['help']]) {
    const { code, stdout, stderr } = await runCommand(t, args)
    t.strictSame([code, stderr], [0, ''])
    t.match(stdout, /^Tasklane/)
    for (const name of COMMAND_NAMES) {
      t.match(stdout, new RegExp(`^ {2}${name} +\\S`, 'm'))
    }
  }
  for (const args of [['--version'], ['version'], ['-v']]) {
    const shown = { code: 0, stdout: `${version}\n`, stderr: '' }
    t.strictSame(await runCommand(t, args), shown)
  }
  t.match(await runCommand(t, []), { code: 2, stdout: /^Tasklane/ })
})

t.test('every command has a page of its own with each option that it takes', async (t) => {
  for (const name of COMMAND_NAMES) {
    const { code, stdout, stderr } = await runCommand(t, [name, '--help'])
    t.strictSame([code, stderr], [0, ''], name)
    t.match(stdout, new RegExp(`^${name}: .*\\n\\n  npm run tasklane -- ${name}\\b`), name)
    const { options } = COMMANDS[name]
    for (const option of [...Object.keys(options), 'help']) {
      t.match(stdout, new RegExp(`^ {2}--${option} .*\\S`, 'm'), name)
    }
    t.ok(
      stdout.split('\n').every((line) => line.length <= 100),
      `${name} fits a terminal`
    )
  }
  t.match((await runCommand(t, ['help', 'seed'])).stdout, /^seed: /)
})

t.test('what no command takes is refused in one line that says what was meant', async (t) => {
  const errors: [args: string[], line: string, page: string][] = [
    [['dance'], 'There is no command dance.', ''],
    [['migrat'], 'There is no command migrat. Did you mean migrate?', ''],
    [['sede'], 'There is no command sede. Did you mean seed?', ''],
    [['createAdmin'], 'There is no command createAdmin. Did you mean create-admin?', ''],
    [['constructor'], 'There is no command constructor.', ''],
    [['bell\u0007\u001b[2J'], 'There is no command bell??[2J.', ''],
    [['--usernme', 'x'], 'There is no command x.', ''],
    [['--usernme'], 'Name a command before --usernme.', ''],
    [
      ['serve', '--port', '4000'],
      'serve takes no --port. Set PORT in the environment or in .env.',
      'serve '
    ],
    [['migrate', '--force'], 'migrate takes no --force.', 'migrate '],
    [['seed', '--username', 'x'], 'seed takes no --username.', 'seed '],
    [['seed', '--constructor'], 'seed takes no --constructor.', 'seed '],
    [['import', '--usr', 'ann'], 'import takes no --usr. Did you mean --user?', 'import '],
    [['import', 'x.csv', '--user'], '--user needs a value: --user NAME.', 'import '],
    [['import', 'x.csv', '--user='], '--user needs a value: --user NAME.', 'import '],
    [['import', 'x.csv', '--dry-run=no'], '--dry-run takes no value.', 'import '],
    [['import', '--user', 'a', '--user', 'b'], '--user is given twice.', 'import '],
    [
      ['create-admin', 'root'],
      'create-admin takes no argument root. npm passes options on only after --, as in ' +
        'npm run tasklane -- create-admin --help.',
      'create-admin '
    ]
  ]
  for (const [args, line, page] of errors) {
    const stderr = `${line}\nHelp: npm run tasklane -- ${page}--help\n`
    t.strictSame(await runCommand(t, args), { code: 2, stdout: '', stderr }, args.join(' '))
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
    for (const [name, script] of Object.entries<string>(scripts)) {
      const runsSources = /^node .*\.ts\b/.test(script) && name !== 'postinstall'
      t.equal(runsSources, script.startsWith('node --require ./src/require-node.cjs '), name)
    }
    for (const name of ['start', 'migrate', 'worker', 'test']) {
      const [, ...args] = scripts[name].split(' ')
      const { status, stderr } = spawnSync(
        process.execPath,
        ['--no-experimental-strip-types', ...args],
        {
          cwd: new URL('../..', import.meta.url),
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
