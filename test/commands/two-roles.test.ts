import t from 'tap'
import { call, runCommand, startServer } from '../support/command.ts'
import { startPostgres, withoutPostgres } from '../support/postgres-server.ts'

const PRODUCTION = {
  NODE_ENV: 'production',
  REGISTRATION: 'open',
  JWT_SECRET: 'Vq8mC2xT5bN7zR1kW4yH6jL9pS3dF0gA',
  EMAIL_ENABLED: 'off',
  DRAIN_SECONDS: '0',
  LOG_LEVEL: 'info'
}
const DENIED = { code: '42501' }

t.test(
  'production is served by a role that can add to the audit log and not rewrite it, and by no other',
  { skip: withoutPostgres },
  async (t) => {
    const server = await startPostgres(t)
    const { port, admin } = server
    const urlOf = (role: string, database = 'tasklane') =>
      `postgres://${role}@127.0.0.1:${port}/${database}`
    await admin(async (sql) => {
      await sql.unsafe('create role migrator login')
      await sql.unsafe('create role writer login')
      await sql.unsafe('alter database tasklane owner to migrator')
    })
    const cwd = t.testdir()
    const env = {
      ...PRODUCTION,
      DATABASE_URL: urlOf('app'),
      DATABASE_MIGRATION_URL: urlOf('migrator')
    }
    const refused = async (url: string, words: RegExp) => {
      const { code, stderr } = await runCommand(t, ['serve'], {
        cwd,
        env: { ...PRODUCTION, DATABASE_URL: url }
      })
      t.equal(code, 1)
      t.match(stderr, words)
      t.equal(stderr.trimEnd().split('\n').length, 1)
    }

    await refused(urlOf('postgres'), /^The role postgres of DATABASE_URL is a superuser, /)
    await refused(urlOf('migrator'), /^The role migrator of DATABASE_URL owns the schema /)
    t.match(await runCommand(t, ['migrate'], { cwd, env }), {
      code: 0,
      stdout: /^Applied \d+ migr/
    })
    await refused(urlOf('migrator'), /^The role migrator of DATABASE_URL owns the audit log/)

    const { DATABASE_MIGRATION_URL: _, ...withoutMigrator } = env
    for (const settings of [env, withoutMigrator]) {
      const { url, stop } = await startServer(t, { ...settings, FIRST_USER_ADMIN: 'on' }, cwd)
      const { status } = await call(`${url}/api/v1/auth/register`, {
        method: 'POST',
        body: { username: settings === env ? 'ann' : 'bob', password: 'a long passphrase of ours' }
      })
      t.equal(status, 201)
      t.equal((await stop('SIGTERM')).code, 0)
    }

    const { default: postgres } = await import('postgres')
    const session = postgres(urlOf('app'), { max: 1 })
    t.teardown(() => session.end())
    t.not((await session`select from audit_events`).length, 0)
    for (const statement of [
      'delete from audit_events',
      'update audit_events set action = action',
      'truncate audit_events',
      'alter table audit_events disable trigger all',
      'drop table audit_events',
      'delete from schema_migrations',
      'create table more (n int)'
    ]) {
      await t.rejects(session.unsafe(statement), DENIED, statement)
    }
    await session.unsafe("set tasklane.audit_change = 'allowed'")
    await t.rejects(session.unsafe('delete from audit_events'), DENIED)
    const events = await session`select * from audit_events order by id`
    t.match(await session`select audit_events_purge(7, 1000) as done`, [{ done: 0 }])
    await t.rejects(session`select audit_events_purge(6, 1000)`, DENIED)
    const [ann] = await session`select id from users where username = 'ann'`
    await t.rejects(session`select audit_events_forget(${ann?.id}, 1000)`, DENIED)
    t.strictSame(await session`select * from audit_events order by id`, events)

    await admin(async () => {
      const owner = postgres(urlOf('migrator'), { max: 1 })
      await owner.unsafe('grant select, insert, delete on audit_events to writer')
      await owner.unsafe('grant select on schema_migrations to writer')
      await owner.end()
    })
    const stranger = postgres(urlOf('writer'), { max: 1 })
    t.teardown(() => stranger.end())
    await t.rejects(stranger`select audit_events_purge(400, 1000)`, DENIED)
    await refused(
      urlOf('writer'),
      /^The role writer of DATABASE_URL has the right to DELETE in the/
    )
    t.match(
      await runCommand(t, ['migrate'], {
        cwd,
        env: { ...env, DATABASE_MIGRATION_URL: urlOf('postgres', 'postgres') }
      }),
      { code: 1, stderr: /^DATABASE_MIGRATION_URL and DATABASE_URL are not the same database\.\n$/ }
    )
  }
)
