import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { COMPOSE_NAMES } from '../../src/commands/env-file.ts'
import { SETTING_NAMES } from '../../src/config.ts'
import { nearestSetting } from '../../src/lib/setting-names.ts'
import { runCommand } from '../support/command.ts'

const VALUE = 'open-sesame'

t.test('a name in .env that is no setting is refused, with the nearest one', async (t) => {
  const cwd = t.testdir()
  const names: [line: string, fault: string][] = [
    ['DATABSE_URL', 'DATABSE_URL, which is no setting; did you mean DATABASE_URL?'],
    ['DATABASE_POOL', 'DATABASE_POOL, which is no setting; did you mean DATABASE_POOL_SIZE?'],
    ['NODE_EXTRA_CA_CERTS', 'NODE_EXTRA_CA_CERTS, which only the environment can set'],
    ['QQQQQQQQ', 'QQQQQQQQ, which is no setting'],
    ['port', 'port, which is no setting; did you mean PORT?'],
    [
      'c2VzYW1lT3BlbiBzZXNhbWU',
      'a line whose name is no setting, and is not shown in case it is a secret'
    ]
  ]
  writeFileSync(
    join(cwd, '.env'),
    ['LOG_LEVEL=warn', 'PORT=soon', ...names.map(([name]) => `${name}=${VALUE}`)].join('\n')
  )
  const { code, stdout, stderr } = await runCommand(t, ['migrate'], { cwd, env: { PORT: 'soon' } })
  t.strictSame([code, stdout], [1, ''])
  t.strictSame(
    stderr.trimEnd().split('\n').sort(),
    [
      ...names.map(([, fault]) => `  - .env has ${fault}`),
      '  - PORT must be a whole number',
      'The configuration has 7 faults:'
    ].sort()
  )
})

t.test('the file that compose.yaml reads as well is accepted', async (t) => {
  const compose = readFileSync(new URL('../../compose.yaml', import.meta.url), 'utf8')
  const read = [...compose.matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map(([, name = '']) => name)
  const others = [...new Set(read)].filter((name) => !SETTING_NAMES.includes(name))
  t.strictSame(others.sort(), COMPOSE_NAMES)

  const cwd = t.testdir({ '.env': COMPOSE_NAMES.map((name) => `${name}=${VALUE}\n`).join('') })
  const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
  const { stderr } = await runCommand(t, ['migrate'], { cwd, env })
  t.match(stderr, /^The database cannot be used: [^\n]*\n$/)
})

t.test('a name in the environment that is nearly a setting is warned of once', async (t) => {
  const cwd = t.testdir()
  const env = {
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    DATABSE_URL: VALUE,
    TASKLANE_LOG_LEVEL: VALUE,
    RATE_LIMIT_READ: VALUE,
    TASKLANE_PORT: 'tcp://10.0.0.1:3000',
    HOSTNAME: VALUE,
    DATABASE_HOST: VALUE,
    POSTGRES_PASSWORD: VALUE
  }
  const { stderr } = await runCommand(t, ['migrate'], { cwd, env })
  t.notMatch(stderr, VALUE)
  t.strictSame(
    stderr.split('\n').filter((line) => line.startsWith('Warning')),
    [
      'Warning: the environment has DATABSE_URL, which is no setting; did you mean DATABASE_URL?',
      'Warning: the environment has TASKLANE_LOG_LEVEL, which is no setting; did you mean LOG_LEVEL?',
      'Warning: the environment has RATE_LIMIT_READ, which is no setting; did you mean RATE_LIMIT_READS?'
    ]
  )
})

t.test('the names of other programs are not taken for ours', async (t) => {
  const others =
    'HOME USER LOGNAME PWD SHELL TERM LANG LC_ALL TZ PATH EDITOR DISPLAY MAIL HOSTNAME HOSTTYPE SHLVL OLDPWD ' +
    'PGHOST PGPORT PGDATABASE POSTGRES_USER POSTGRES_DB MYSQL_HOST REDIS_HOST REDIS_PORT SMTP_HOST SMTP_PORT ' +
    'SMTP_USER NODE_PATH NODE_OPTIONS NODE_VERSION NODE_EXTRA_CA_CERTS NO_COLOR FORCE_COLOR CI DEBUG ' +
    'DATABASE_HOST DATABASE_NAME DATABASE_USER DB_URL API_URL JWT_ISSUER LOG_DIR METRICS_PATH ' +
    'OTEL_EXPORTER_OTLP_HEADERS OTEL_RESOURCE_ATTRIBUTES OTEL_TRACES_SAMPLER http_proxy https_proxy no_proxy ' +
    'npm_config_user_agent npm_lifecycle_event SSH_CLIENT SSH_TTY XDG_DATA_DIRS TMPDIR PORTS_DIR INVOCATION_ID ' +
    'JOURNAL_STREAM NOTIFY_SOCKET MAINPID KUBERNETES_PORT KUBERNETES_SERVICE_HOST TASKLANE_SERVICE_HOST ' +
    'TASKLANE_WORKER_SLOT COLORTERM TERM_PROGRAM LESSOPEN CLICOLOR'
  for (const name of others.split(' ')) {
    t.equal(nearestSetting(name, SETTING_NAMES), undefined, name)
  }
})
