import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { runCommand, startServer } from '../support/command.ts'
import { freePort, startPostgres, withoutPostgres } from '../support/postgres-server.ts'

const SECRET = 'open-sesame'
const MAX_LINE = 400

/** A server on which the role `guarded` needs a password and may create nothing. */
async function startGuarded(t: Test) {
  const server = await startPostgres(t)
  await server.admin(async (sql) => {
    await sql.unsafe(`create role guarded login password 'another'`)
    await sql.unsafe(
      `create database latin owner app template template0 encoding LATIN1 locale 'C'`
    )
    await sql.unsafe(
      `create database bytes owner app template template0 encoding SQL_ASCII locale 'C'`
    )
    const [hba] = await sql.unsafe('show hba_file')
    writeFileSync(
      hba?.hba_file as string,
      ['bytes guarded', 'tasklane guarded', 'all all']
        .map((who, i) => `host ${who} 127.0.0.1/32 ${i === 1 ? 'scram-sha-256' : 'trust'}\n`)
        .join('')
    )
    await sql.unsafe('select pg_reload_conf()')
  })
  return server
}

t.test(
  "a start that fails at the database says why in one line, in PostgreSQL's words, and never a password",
  { skip: withoutPostgres },
  async (t) => {
    const { port } = await startGuarded(t)
    const at = `127.0.0.1:${port}`
    const closed = await freePort()
    const cases: [url: string, words: RegExp][] = [
      [
        `guarded:${SECRET}@${at}/tasklane`,
        /: password authentication failed for user "guarded"\. Check user and password in DATABASE_URL; .*$/
      ],
      [
        `app:${SECRET}@${at}/absent`,
        /: database "absent" does not exist\. Check its name in DATABASE_URL, or create it: .*$/
      ],
      [
        `nobody:${SECRET}@${at}/tasklane`,
        /: role "nobody" does not exist\. Check the user in DATABASE_URL, .*$/
      ],
      [
        `guarded@${at}/postgres`,
        /: permission denied for schema public\. Run migrations as the owner of the database: .*$/
      ],
      [
        `app@${at}/tasklane?sslmode=require`,
        /: the server offers no TLS, which sslmode requires\. Turn TLS on in .*$/
      ],
      [
        `app@${at}/tasklane?no_such=1`,
        /: unrecognized configuration parameter "no_such"\. Take the parameter out of DATABASE_URL\.$/
      ],
      [`app@${at}/latin`, /^The encoding of the database is LATIN1, .* encoding UTF8$/],
      [`app@${at}/bytes`, /^The encoding of the database is SQL_ASCII, /]
    ]
    const unreachable: typeof cases = [
      [
        `app:${SECRET}@no-such-host.invalid/x`,
        /: the host no-such-host\.invalid was not found.*\. Check the host in DATABASE_URL/
      ],
      [
        `app:${SECRET}@127.0.0.1:${closed}/x`,
        /: 127\.0\.0\.1:\d+ refuses connections\. Check that PostgreSQL runs there, and host and port in .*$/
      ],
      [
        `app:${SECRET}@/x?host=/no/such/folder`,
        /: there is no Unix socket \/no\/such\/folder\/.*\. Check that PostgreSQL runs, and host and .*$/
      ]
    ]
    const fails = async (args: string[], url: string, words: RegExp) => {
      const env = { DATABASE_URL: `postgres://${url}` }
      const { code, stdout, stderr } = await runCommand(t, args, {
        env,
        input: 'a long passphrase'
      })
      const title = `${args[0]}: ${words}`
      t.equal(code, 1, title)
      const [line = '', ...more] = stderr.trimEnd().split('\n')
      t.match(line, words, title)
      t.strictSame(more, [], title)
      t.ok(line.length <= MAX_LINE, title)
      t.notMatch(stdout + stderr, new RegExp(`${SECRET}|Failed query|params:|\\n +at `), title)
    }
    for (const [url, words] of cases) {
      await fails(['serve'], url, words)
    }
    for (const [url, words] of [...unreachable, ...cases.slice(0, 1)]) {
      await fails(['migrate'], url, words)
    }
    const both = {
      DATABASE_URL: `postgres://app@${at}/tasklane`,
      DATABASE_MIGRATION_URL: `postgres://guarded:${SECRET}@${at}/tasklane`
    }
    t.match(await runCommand(t, ['migrate'], { env: both }), {
      code: 1,
      stderr: /for user "guarded"\. Check user and password in DATABASE_MIGRATION_URL; [^\n]+\n$/
    })
    for (const args of [
      ['create-admin', '--username', 'root'],
      ['import', fileURLToPath(import.meta.url), '--user', 'ann'],
      ['worker']
    ]) {
      await fails(args, ...(cases[0] as [string, RegExp]))
    }
  }
)

t.test('an address that cannot be read is refused by name and never repeated', async (t) => {
  for (const [url, words] of [
    [`postgres://app:100%${SECRET}@127.0.0.1/x`, /DATABASE_URL has a % .* write % as %25/],
    [`postgres://app:${SECRET}/x@127.0.0.1/x`, /DATABASE_URL has a host that cannot be read/],
    ['postgres://app@127.0.0.1:70000/x', /DATABASE_URL has a port that is not a number from 1 to/],
    [`postgres://app:a:${SECRET}#@[::1/x`, /DATABASE_URL has a host that cannot be read/],
    [
      'postgres://app@db/x?sslmode=always',
      /DATABASE_URL has an sslmode that is not one of disable, /
    ],
    ['postgres://app@db/x?target_session_attrs=rw', /DATABASE_URL has a target_session_attrs that/],
    ['postgres://app@/x?host=/a,/b', /DATABASE_URL can name a Unix socket only alone/]
  ] as const) {
    const { code, stderr } = await runCommand(t, ['serve'], { env: { DATABASE_URL: url } })
    t.equal(code, 1)
    t.match(stderr, new RegExp(`^The configuration has a fault:\\n  - ${words.source}[^\\n]*\\n$`))
    t.notMatch(stderr, SECRET)
  }
})

t.test(
  'a byte order mark in .env does not hide the first setting, and UTF-16 is refused',
  async (t) => {
    const cwd = t.testdir()
    const env = { LOG_LEVEL: '' }
    writeFileSync(join(cwd, '.env'), '\uFEFFDATABASE_URL=mysql://db/x\r\nLOG_LEVEL=loud\r\n')
    t.match(await runCommand(t, ['migrate'], { cwd, env: { LOG_LEVEL: 'warn' } }), {
      code: 1,
      stderr: /^The configuration has a fault:\n {2}- DATABASE_URL must look like/
    })
    writeFileSync(
      join(cwd, '.env'),
      Buffer.from('\uFEFFDATABASE_URL=postgres://db/x\r\n', 'utf16le')
    )
    t.strictSame(await runCommand(t, ['migrate'], { cwd, env }), {
      code: 1,
      stdout: '',
      stderr: '.env is encoded as UTF-16. Save it as UTF-8.\n'
    })
  }
)

t.test(
  'a database whose dates are written in another style is served in the style of the contract',
  { skip: withoutPostgres },
  async (t) => {
    const { admin, url } = await startPostgres(t)
    for (const style of ['German', 'SQL, DMY', 'Postgres']) {
      await admin((sql) => sql.unsafe(`alter database tasklane set datestyle to '${style}'`))
      const server = await startServer(
        t,
        { DATABASE_URL: `${url}?TIMEZONE=Asia/Tokyo` },
        t.testdir()
      )
      const answer = await fetch(`${server.url}/api/v1/auth/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          username: `ann-${style.slice(0, 3)}`,
          password: 'a long passphrase'
        })
      })
      const { user, created_at = user?.created_at } = (await answer.json()) as {
        created_at?: string
        user?: { created_at: string }
      }
      t.match(created_at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/, style)
      t.ok(Math.abs(Date.parse(created_at ?? '') - Date.now()) < 3_600_000, style)
      await server.stop('SIGTERM')
    }
  }
)
