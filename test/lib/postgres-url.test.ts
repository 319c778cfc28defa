import t from 'tap'
import { isPostgresUrl } from '../../src/lib/config-formats.ts'
import { parsePostgresUrl } from '../../src/lib/postgres-url.ts'

const AT = 'postgres://app:secret@db'

t.test('parameters of other clients are left out, whatever their case', async (t) => {
  for (const parameters of [
    'channel_binding=require&sslnegotiation=direct&gssencmode=disable&load_balance_hosts=random',
    'schema=public&pgbouncer=true&connection_limit=1&pool_timeout=0&socket_timeout=5&sslaccept=accept_invalid_certs',
    'supa=base-pooler.x&workaround=supabase-pooler.vercel&uselibpqcompat=true',
    'pool=5&encoding=unicode&prepared_statements=false&reaping_frequency=10&conn_max_age=600&timeout=5000',
    'ApplicationName=x&reWriteBatchedInserts=true&prepareThreshold=0&loginTimeout=5&tcpKeepAlive=true',
    'pool_max_conns=5&pool_max_conn_lifetime=1h&default_query_exec_mode=exec&statement_cache_capacity=0',
    'prepared_statement_cache_size=0&async_fallback=True&command_timeout=60&statement-cache-capacity=10',
    'max=10&idle_timeout=20&connectionTimeoutMillis=2000&keepAlive=true&pool_size=10'
  ]) {
    t.strictSame(parsePostgresUrl(`${AT}/x?${parameters}`).settings, {}, parameters)
  }
  t.strictSame(
    parsePostgresUrl(`${AT}/x?options=endpoint%3Dep-cool&statement_timeout=5s&no_such=1`).settings,
    { options: 'endpoint=ep-cool', statement_timeout: '5s', no_such: '1' },
    'what may be a setting of PostgreSQL is sent'
  )
})

t.test('TLS is asked for in the words of other clients, too', async (t) => {
  const modeOf = (parameters: string) => parsePostgresUrl(`${AT}/x?${parameters}`).tls.mode
  for (const parameters of ['ssl=true', 'ssl=1', 'ssl=on', 'ssl=yes', 'ssl=require']) {
    t.equal(modeOf(parameters), 'require', parameters)
  }
  t.equal(modeOf('sslmode=no-verify'), 'require')
  t.equal(modeOf('ssl=no-verify'), 'require')
  t.equal(modeOf('ssl=off'), 'disable')
  t.equal(modeOf('sslmode='), 'disable', 'an empty parameter says nothing')
  t.equal(modeOf('sslrootcert=/ca.crt'), 'verify-ca', 'an authority is named to be checked')
  t.equal(modeOf('sslrootcert=/ca.crt&sslmode=disable'), 'disable')
  t.equal(modeOf('sslrootcert=system'), 'verify-full')
})

t.test('hosts and ports are those that psql connects to', async (t) => {
  for (const [url, hosts, ports] of [
    [`${AT}:6432/x?host=other`, ['other'], [6432]],
    [`${AT}:6432/x?hostaddr=192.0.2.7`, ['192.0.2.7'], [6432]],
    [`${AT}/x?port=6432`, ['db'], [6432]],
    [`${AT}:1/x?port=2`, ['db'], [2]],
    [`${AT}:1,[::1]:2,c/x`, ['db', '::1', 'c'], [1, 2, 5432]],
    [`${AT}/x?host=a,b&port=1,2`, ['a', 'b'], [1, 2]],
    [`${AT}/x?host=a,b&port=1`, ['a', 'b'], [1, 1]],
    [`${AT},/x`, ['db', 'localhost'], [5432, 5432]],
    ['postgres://app@[fe80::1%25eth0]:1/x', ['fe80::1%eth0'], [1]],
    ['postgres://app@[fe80::1%eth0]/x', ['fe80::1%eth0'], [5432]],
    ['postgres:///x?host=', [], [5432]]
  ] as const) {
    t.match(parsePostgresUrl(url), { hosts, ports, socket: undefined }, url)
  }
  t.equal(parsePostgresUrl('postgres://h:1/x?host=/run').socket, '/run/.s.PGSQL.1')
  t.equal(parsePostgresUrl(`${AT}/x?hostaddr=192.0.2.7`).tls.serverName, 'db')
  t.equal(parsePostgresUrl(`${AT}/x?hostaddr=192.0.2.7&host=c`).tls.serverName, 'c')
})

t.test('what libraries write around the scheme does not count', async (t) => {
  for (const url of [
    'postgresql://db/x?user=app&password=secret',
    'jdbc:postgresql://db/x?user=app&password=secret',
    'postgresql+asyncpg://app:secret@db/x',
    'postgresql+psycopg2://app:secret@db:5432/x?target_session_attrs='
  ]) {
    t.ok(isPostgresUrl(url), url)
    t.match(parsePostgresUrl(url), {
      hosts: ['db'],
      user: 'app',
      password: 'secret',
      database: 'x'
    })
  }
  for (const url of ['jdbc:mysql://db/x', 'mysql+psycopg2://db/x', 'db/x', 'postgres:db']) {
    t.notOk(isPostgresUrl(url), url)
  }
})

t.test('a server that cannot be written to is not asked for', async (t) => {
  for (const attrs of ['read-only', 'standby', 'prefer-standby']) {
    t.throws(() => parsePostgresUrl(`${AT}/x?target_session_attrs=${attrs}`), {
      message: /^has a target_session_attrs for servers that cannot be written to: /
    })
  }
  for (const attrs of ['read-write', 'primary']) {
    const { targetSessionAttrs } = parsePostgresUrl(`${AT}/x?target_session_attrs=${attrs}`)
    t.equal(targetSessionAttrs, attrs)
  }
  t.equal(parsePostgresUrl(`${AT}/x?target_session_attrs=any`).targetSessionAttrs, undefined)
})
