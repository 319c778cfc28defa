import { readFileSync } from 'node:fs'
import t from 'tap'
import { Environment, readConfig } from '../src/config.ts'
import { faultsOf, VALID_PRODUCTION as PRODUCTION } from './support/config-faults.ts'

const variables = Object.entries(Environment.properties as Record<string, { default?: unknown }>)

/** As a default is written in .env.example. */
const spelled = (value: unknown): string => {
  const switches = new Map<unknown, string>([
    [true, 'on'],
    [false, 'off'],
    [undefined, '']
  ])
  return switches.get(value) ?? String(value)
}

t.test(
  '.env.example has every variable in the order of the schema, each explained and commented out with its default',
  async (t) => {
    const lines = readFileSync(new URL('../.env.example', import.meta.url), 'utf8').split('\n')
    const settings = lines
      .map((line, at) => ({ at, found: /^(#?)([A-Z_]+)=(.*)$/.exec(line) }))
      .filter(({ found }) => found)
    t.strictSame(
      settings.map(({ found }) => found?.[0]),
      variables.map(([name, { default: value }]) => `#${name}=${spelled(value)}`)
    )
    for (const { at, found } of settings) {
      t.match(lines[at - 1], /^# .{10,}\.$/, `${found?.[2]} is explained in the line above`)
    }
  }
)

t.test(
  'an empty environment gives every default, and an empty variable counts as absent',
  async (t) => {
    const defaults = {
      ...Object.fromEntries(
        variables
          .filter(([, { default: value }]) => value !== undefined)
          .map(([name, { default: value }]) => [name, value])
      ),
      isProduction: false,
      REGISTRATION: 'open',
      FIRST_USER_ADMIN: true,
      PASSWORD_BLOCKLIST: false,
      DOCS_ENABLED: true
    }
    t.strictSame(readConfig({}), defaults)
    t.strictSame(
      readConfig(
        Object.fromEntries(variables.map(([name]) => [name, name.length % 2 ? '' : '  ']))
      ),
      defaults
    )
  }
)

t.test("what Tasklane does not read is left alone, also a login shell's MAIL", async (t) => {
  t.strictSame(readConfig({ MAIL: '/var/mail/ann', HOME: '/home/ann', port: 'no' }), readConfig({}))
})

t.test('a switch is on or off, and true and false are read as the same', async (t) => {
  for (const [value, enabled] of [
    ['on', true],
    ['true', true],
    ['ON', true],
    ['off', false],
    ['false', false]
  ] as const) {
    for (const name of [
      'RATE_LIMIT',
      'FIRST_USER_ADMIN',
      'EMAIL_ENABLED',
      'DOCS_ENABLED'
    ] as const) {
      t.equal(readConfig({ [name]: value })[name], enabled, `${name}=${value}`)
    }
  }
})

t.test('settings are taken as what they mean', async (t) => {
  const config = readConfig({
    PORT: '8080',
    FIRST_USER_ADMIN: 'false',
    DOCS_ENABLED: 'off',
    TRUST_PROXY: '10.0.0.0/8, fd00::/8',
    CORS_ORIGINS: 'https://app.example.com',
    IP_BAN_ALLOWLIST: 'none',
    PUBLIC_URL: 'https://tasks.example.com'
  })
  t.match(config, {
    PORT: 8080,
    FIRST_USER_ADMIN: false,
    DOCS_ENABLED: false,
    TRUST_PROXY: '10.0.0.0/8, fd00::/8',
    IP_BAN_ALLOWLIST: 'none'
  })
  t.strictSame(faultsOf(PRODUCTION), [])
})

/** A bad value and, in words, what is asked for instead. Each is refused everywhere, not only in production. */
const BAD: [name: string, value: string, fault: RegExp][] = [
  ['NODE_ENV', 'staging', /^NODE_ENV must be one of development, production, test$/],
  ['NODE_ENV', 'Production', /^NODE_ENV must be one of/],
  ...['http', '3000.5', '-1', '65536', '3000/tcp', 'NaN'].map(
    (port) =>
      ['PORT', port, /^PORT must be (a whole number|at (least|most) \d+)$/] as [
        string,
        string,
        RegExp
      ]
  ),
  ...[
    'tasks.example.com',
    'ftp://tasks.example.com',
    'https://tasks.example.com/?a=b',
    'https://tasks.example.com/#a',
    'https://ann:hush@tasks.example.com',
    'https://tasks.example.com/a//b',
    'https://tasks.example.com/a/../b',
    'https://tasks.example.com/a%20b',
    'https://example.com/api',
    'https://example.com/docs/tasks/'
  ].map(
    (url) =>
      ['PUBLIC_URL', url, /^PUBLIC_URL must be a URL such as https:/] as [string, string, RegExp]
  ),
  ['DATABASE_URL', 'mysql://root:hush@db/x', /^DATABASE_URL must look like postgres:/],
  ['DATABASE_URL', 'db.internal', /^DATABASE_URL must look like postgres:/],
  ['DATABASE_POOL_SIZE', '1', /^DATABASE_POOL_SIZE must be at least 2$/],
  ['DATABASE_POOL_TIMEOUT_MS', '1s', /^DATABASE_POOL_TIMEOUT_MS must be a whole number$/],
  ['REDIS_URL', 'http://cache', /^REDIS_URL must look like redis:/],
  [
    'JWT_SECRET',
    '31-bytes-are-one-too-few-abcdef',
    /^JWT_SECRET must have at least 32 bytes; generate one with: openssl rand -base64 48$/
  ],
  ['ACCESS_TOKEN_TTL', '15m', /^ACCESS_TOKEN_TTL must be a whole number$/],
  ['REFRESH_TOKEN_TTL', '0', /^REFRESH_TOKEN_TTL must be at least 60$/],
  ['FIRST_USER_ADMIN', 'yes', /^FIRST_USER_ADMIN must be on or off$/],
  ['PASSWORD_MIN_LENGTH', '7', /^PASSWORD_MIN_LENGTH must be at least 8$/],
  ['PASSWORD_BLOCKLIST', 'yes', /^PASSWORD_BLOCKLIST must be on or off$/],
  ['EMAIL_VERIFICATION', 'always', /^EMAIL_VERIFICATION must be one of off, optional, required$/],
  ['EMAIL_ENABLED', 'no', /^EMAIL_ENABLED must be on or off$/],
  ['SMTP_URL', 'mail.internal:587', /^SMTP_URL must look like smtp:/],
  ['EMAIL_FROM', 'Ann\r\nBcc: everybody', /^EMAIL_FROM must be an email address/],
  ...[
    '*',
    'https://*.example.com',
    'https://*',
    'https://.example.com',
    'https://app..example.com',
    'file://localhost',
    'htps://app.example.com',
    'myapp://',
    'myapp://*',
    'capacitor://*',
    'app://a, https://*.b.example'
  ].map(
    (pattern) =>
      ['CORS_ORIGINS', pattern, /^CORS_ORIGINS must be exact origins .* \* is not one$/] as [
        string,
        string,
        RegExp
      ]
  ),
  ['CORS_ORIGINS', 'capacitor://localhost/page', /^CORS_ORIGINS must be exact origins/],
  ['CORS_ORIGINS', 'javascript://alert', /^CORS_ORIGINS must be exact origins/],
  ['PUBLIC_URL', 'https://*.example.com', /^PUBLIC_URL must be a URL such as/],
  ['PUBLIC_URL', 'https://example.com/problems', /begins with none of .*\/problems/],
  ['PUBLIC_URL', `https://example.com/${'a'.repeat(131)}`, /at most 150 characters/],
  ['CORS_ORIGINS', 'https://app.example.com,null', /^CORS_ORIGINS must be exact origins/],
  ...[
    '1',
    'true',
    'loopback',
    '10.0.0.1',
    '0.0.0.0/0',
    '::/0',
    '::ffff:0:0/96',
    '10.0.0.0/8,0.0.0.0/0',
    '10.0.0.0/33'
  ].map(
    (range) =>
      ['TRUST_PROXY', range, /^TRUST_PROXY must be the proxies' ranges as CIDRs/] as [
        string,
        string,
        RegExp
      ]
  ),
  ['RATE_LIMIT', '100', /^RATE_LIMIT must be on or off$/],
  ['IP_BAN_ALLOWLIST', 'private', /^IP_BAN_ALLOWLIST must be CIDRs separated by commas, or none$/],
  ['IMPORT_MAX_BYTES', '10MB', /^IMPORT_MAX_BYTES must be a whole number$/],
  ['IMPORT_MAX_ROWS', '0', /^IMPORT_MAX_ROWS must be at least 1$/],
  ['MAX_TASKS_PER_USER', '-5', /^MAX_TASKS_PER_USER must be at least 0$/],
  ['AUDIT_RETENTION_DAYS', '6', /^AUDIT_RETENTION_DAYS must be at least 7, or 0 for never/],
  ['TRASH_RETENTION_DAYS', '3651', /^TRASH_RETENTION_DAYS must be at most 3650$/],
  ['LOG_LEVEL', 'verbose', /^LOG_LEVEL must be one of trace, debug/],
  ['MAX_CONNECTIONS', '9', /^MAX_CONNECTIONS must be at least 10$/],
  ['DRAIN_SECONDS', '9', /^DRAIN_SECONDS must be at most 8$/],
  ['DOCS_ENABLED', 'public', /^DOCS_ENABLED must be on or off$/],
  ['CONSOLE_ENABLED', 'yes', /^CONSOLE_ENABLED must be on or off$/]
]

t.test(
  'a bad setting is rejected by its name and never by its value, in development as in production',
  async (t) => {
    for (const [name, value, fault] of BAD) {
      for (const base of name === 'NODE_ENV' ? [{}] : [{}, PRODUCTION]) {
        const faults = faultsOf({ ...base, [name]: value })
        t.match(faults, [fault], `${name}=${value}`)
        t.equal(faults.length, 1, `one fault for ${name}=${value}`)
      }
    }
  }
)

t.test('no secret is repeated in what a person or a log gets to read', async (t) => {
  const env = {
    JWT_SECRET: 'tooshort',
    DATABASE_URL: 'mysql://root:opensesame@db/x',
    REDIS_URL: 'http://:opensesame@cache',
    SMTP_URL: 'opensesame@mail'
  }
  try {
    readConfig(env)
    t.fail('it was taken')
  } catch (error) {
    t.notMatch(
      `${(error as Error).message} ${(error as Error).stack} ${JSON.stringify(error)}`,
      /tooshort|opensesame/
    )
  }
})

t.test('all faults are reported at once', async (t) => {
  const bad = new Map(
    BAD.filter(([name]) => name !== 'NODE_ENV').map(([name, value, fault]) => [
      name,
      { value, fault }
    ])
  )
  const faults = faultsOf(Object.fromEntries([...bad].map(([name, { value }]) => [name, value])))
  t.equal(faults.length, bad.size)
  for (const [name, { fault }] of bad) {
    t.ok(
      faults.some((text) => fault.test(text)),
      name
    )
  }
})

t.test('production requires what development generates, all at once', async (t) => {
  t.match(faultsOf({ NODE_ENV: 'production' }), [
    /^JWT_SECRET is required in production/,
    /^DATABASE_URL is required in production/,
    /^SMTP_URL is required in production/
  ])
  t.strictSame(faultsOf({ NODE_ENV: 'production' }).length, 3)
  const { SMTP_URL: _, ...withoutMail } = PRODUCTION
  t.strictSame(faultsOf({ ...withoutMail, EMAIL_ENABLED: 'off' }), [])
  t.strictSame(faultsOf({ ...withoutMail, MAIL: '/var/mail/root' }).length, 1)
  t.match(faultsOf({ ...withoutMail, EMAIL_ENABLED: 'off', EMAIL_VERIFICATION: 'required' }), [
    /^EMAIL_VERIFICATION=required needs email/
  ])
})

t.test('a placeholder is no secret in production, however long', async (t) => {
  for (const secret of [
    'changeme-changeme-changeme-changeme!',
    'please-change-this-before-production-1',
    'replace_me_with_a_long_random_secret',
    'your-256-bit-secret-goes-right-here-0',
    'an-example-that-stood-in-some-manual',
    'the-secret-key-of-this-installation-1',
    'x'.repeat(64),
    'secret'.repeat(6),
    '0101010011010001010100110011010101'
  ]) {
    t.strictSame(
      faultsOf({ ...PRODUCTION, JWT_SECRET: secret }),
      ['JWT_SECRET is a placeholder; generate one with: openssl rand -base64 48'],
      secret
    )
    t.strictSame(
      faultsOf({ ...PRODUCTION, JWT_SECRET_SECONDARY: secret }),
      ['JWT_SECRET_SECONDARY is a placeholder; generate one with: openssl rand -base64 48'],
      secret
    )
    t.strictSame(
      faultsOf({ JWT_SECRET: secret }),
      [],
      'while developing anything long enough will do'
    )
  }
})

t.test('a secret that is also the password of something else is none of its own', async (t) => {
  const secret = encodeURIComponent(PRODUCTION.JWT_SECRET)
  for (const [name, url] of Object.entries({
    DATABASE_URL: `postgres://app:${secret}@db/x`,
    REDIS_URL: `redis://:${secret}@cache`,
    SMTP_URL: `smtps://app:${secret}@mail`
  })) {
    const faults = faultsOf({ ...PRODUCTION, [name]: url })
    t.match(faults, [new RegExp(`^JWT_SECRET is also the password in ${name}; `)])
    t.equal(faults.length, 1)
  }
  t.strictSame(faultsOf({ ...PRODUCTION, REDIS_URL: 'redis://:%ff%@cache' }), [])
  t.match(faultsOf({ ...PRODUCTION, DATABASE_URL: 'postgres://app:%ff%@db/x' }), [
    /^DATABASE_URL has a % that begins no escape: /
  ])
})

t.test('two secrets of production are never the same', async (t) => {
  const { JWT_SECRET } = PRODUCTION
  for (const name of ['JWT_SECRET_SECONDARY', 'METRICS_TOKEN']) {
    t.strictSame(faultsOf({ ...PRODUCTION, [name]: JWT_SECRET }), [
      `${name} is also JWT_SECRET; generate another with: openssl rand -base64 48`
    ])
  }
  t.strictSame(faultsOf({ JWT_SECRET, JWT_SECRET_SECONDARY: JWT_SECRET }), [])
})

t.test('in production, PUBLIC_URL has TLS unless it is for this machine alone', async (t) => {
  for (const url of [
    'http://tasks.example.com',
    'http://192.0.2.7:3000',
    'http://localhost.example.com'
  ]) {
    t.match(faultsOf({ ...PRODUCTION, PUBLIC_URL: url }), [
      /^PUBLIC_URL must begin with https: in production/
    ])
    t.strictSame(faultsOf({ PUBLIC_URL: url }), [])
  }
  for (const url of [
    'https://tasks.example.com',
    'http://localhost:3000',
    'http://127.0.0.1',
    'http://[::1]:3000'
  ]) {
    t.strictSame(faultsOf({ ...PRODUCTION, PUBLIC_URL: url }), [], url)
  }
})

t.test('PUBLIC_URL may have a path, and a slash at its end does not count', async (t) => {
  for (const url of [
    'https://tasks.example.com',
    'https://example.com/tasks',
    'http://a:1/b/c-d_~.e'
  ]) {
    t.equal(readConfig({ PUBLIC_URL: url }).PUBLIC_URL, url)
    t.equal(readConfig({ PUBLIC_URL: `${url}/` }).PUBLIC_URL, url)
  }
})

t.test('outside production, the server listens to others only when that is said', async (t) => {
  for (const host of ['0.0.0.0', '::', '192.0.2.7', 'tasks.example.com', '::ffff:192.0.2.7']) {
    t.match(
      faultsOf({ HOST: host }),
      [/^HOST must be a loopback address unless NODE_ENV=production/],
      host
    )
    t.strictSame(faultsOf({ HOST: host, ALLOW_PUBLIC_DEVELOPMENT: 'on' }), [], host)
    t.strictSame(faultsOf({ ...PRODUCTION, HOST: host }), [], host)
  }
  for (const host of ['127.0.0.1', '127.8.0.1', '::1', 'localhost', '::ffff:127.0.0.1']) {
    t.strictSame(faultsOf({ HOST: host }), [], host)
  }
})

t.test('in production, metrics are open to others only with a token', async (t) => {
  const METRICS_PORT = '9464'
  for (const host of ['0.0.0.0', '::', '192.0.2.7', 'metrics.internal']) {
    const env = { ...PRODUCTION, METRICS_PORT, METRICS_HOST: host }
    t.match(faultsOf(env), [/^METRICS_HOST must be a loopback address unless METRICS_TOKEN/], host)
    t.strictSame(faultsOf({ ...env, METRICS_TOKEN: '0123456789abcdefghij' }), [], host)
    t.strictSame(faultsOf({ METRICS_PORT, METRICS_HOST: host }), [], host)
    t.strictSame(faultsOf({ ...PRODUCTION, METRICS_HOST: host }), [], 'nothing listens')
  }
  t.strictSame(faultsOf({ ...PRODUCTION, METRICS_PORT, HOST: '0.0.0.0' }), [])
})

t.test('the metrics of several processes are on a port of their own', async (t) => {
  const env = { ...PRODUCTION, WEB_CONCURRENCY: '2', METRICS_TOKEN: '0123456789abcdefghij' }
  t.match(faultsOf(env), [/^METRICS_TOKEN needs METRICS_PORT where WEB_CONCURRENCY is above 1/])
  t.strictSame(faultsOf({ ...env, METRICS_PORT: '9464' }), [])
})
