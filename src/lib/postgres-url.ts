/** What a PostgreSQL URL says. What it leaves out is undefined. */
export interface PostgresAddress {
  /** Hosts in the order in which they are tried, each with the port at the same index. */
  hosts: string[]
  ports: number[]
  /** The file of a Unix socket, instead of hosts. */
  socket: string | undefined
  user: string | undefined
  password: string | undefined
  database: string | undefined
  tls: TlsSettings
  targetSessionAttrs: SessionAttrs | undefined
  /** Settings that PostgreSQL is sent at the start of a session. */
  settings: Record<string, string>
}

export interface TlsSettings {
  mode: SslMode
  /** Files of certificates; `system` stands for the certificate authorities that Node knows. */
  rootCert: string | undefined
  cert: string | undefined
  key: string | undefined
  keyPassword: string | undefined
  /** The name that the certificate must have, where it is not the host that is connected to. */
  serverName: string | undefined
}

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
type SslMode = (typeof SSL_MODES)[number]
const SESSION_ATTRS = ['read-write', 'primary'] as const
/** Those that lead, or may lead, to a server that takes no writes. */
const READ_ONLY_ATTRS = ['read-only', 'standby', 'prefer-standby']
type SessionAttrs = (typeof SESSION_ATTRS)[number]

/** Says what is wrong with a URL in words that follow its name, and never repeats it. */
export class PostgresUrlError extends Error {}

/** Parameters of other clients that PostgreSQL does not know, in lower case: they are left out. */
const FOREIGN = new Set(
  `
  authtype channel_binding client_encoding connect_timeout fallback_application_name gssdelegation gssencmode gsslib
  keepalives keepalives_count keepalives_idle keepalives_interval keepalives_retries krbsrvname load_balance_hosts
  max_protocol_version min_protocol_version oauth_client_id oauth_client_secret oauth_issuer oauth_scope passfile
  replication require_auth requirepeer scram_client_key scram_server_key service servicefile
  ssl_max_protocol_version ssl_min_protocol_version sslcertmode sslcompression sslcrl sslcrldir sslkeylogfile
  sslnegotiation sslsni tcp_user_timeout
  connection_limit pgbouncer pool_timeout schema single_use_connections socket_timeout sslaccept sslidentity
  statement_cache_size
  allowexitonidle connectiontimeoutmillis fetch_types idle_timeout idletimeoutmillis keep_alive keepalive
  keepaliveinitialdelaymillis max max_lifetime min pool_max pool_min prepare query_timeout supa uselibpqcompat
  workaround
  binary_parameters default_query_exec_mode description_cache_capacity min_read_buffer_size pool_health_check_period
  pool_max_conn_idle_time pool_max_conn_lifetime pool_max_conn_lifetime_jitter pool_max_conns pool_min_conns
  statement_cache_capacity statement-cache-capacity
  advisory_locks async_fallback charset checkout_timeout command_timeout conn_health_checks conn_max_age echo encoding
  max_cacheable_statement_size max_cached_statement_lifetime max_overflow min_messages pool pool_count pool_pre_ping
  pool_recycle pool_size prepare_threshold prepared_statement_cache_size prepared_statements queue_interval
  queue_target reaping_frequency reconnect timeout
  adaptivefetch applicationname autosave binarytransfer cancelsignaltimeout channelbinding connecttimeout
  databasemetadatacachefields defaultrowfetchsize hostrecheckseconds loadbalancehosts loggerfile loggerlevel
  logintimeout logservererrordetail preferquerymode preparedstatementcachequeries
  preparedstatementcachesizemib preparethreshold protocolversion receivebuffersize rewritebatchedinserts
  sendbuffersize sockettimeout sslfactory sslfactoryarg sslhostnameverifier sslpasswordcallback sslresponsetimeout
  stringtype tcpkeepalive tcpnodelay
  `
    .trim()
    .split(/\s+/)
)
/** Parameters that have a meaning of their own below; PostgreSQL is not sent them either. */
const OWN = new Set(
  (
    'dbname host hostaddr password port ssl sslcert sslkey sslmode sslpassword sslrootcert ' +
    'target_session_attrs user'
  ).split(' ')
)
const DEFAULT_PORT = 5432
const MAX_PORT = 65535
/** As node-postgres, asyncpg and JDBC write it. */
const SSL_ALIASES: Record<string, SslMode> = {
  true: 'require',
  on: 'require',
  yes: 'require',
  1: 'require',
  'no-verify': 'require',
  false: 'disable',
  off: 'disable',
  no: 'disable',
  0: 'disable'
}

/**
 * Reads a URL as psql reads it: also with IPv6 addresses, Unix sockets and several hosts. What others write around the
 * scheme (`jdbc:`, `+asyncpg`) does not count. Throws PostgresUrlError.
 */
export function parsePostgresUrl(url: string): PostgresAddress {
  const { authority, path, parameters } = split(url)
  const at = authority.lastIndexOf('@')
  const [user = '', ...password] = authority.slice(0, Math.max(at, 0)).split(':')
  const inUrl = authority
    .slice(at + 1)
    .split(',')
    .map(splitPort)
  return {
    ...readHosts(inUrl, parameters),
    user: parameters.get('user') ?? (decode(user) || undefined),
    password: parameters.get('password') ?? (decode(password.join(':')) || undefined),
    database: parameters.get('dbname') ?? (decode(path) || undefined),
    tls: {
      mode: readSslMode(parameters),
      rootCert: parameters.get('sslrootcert'),
      cert: parameters.get('sslcert'),
      key: parameters.get('sslkey'),
      keyPassword: parameters.get('sslpassword'),
      serverName: parameters.has('hostaddr')
        ? (parameters.get('host') ?? inUrl[0]?.host) || undefined
        : undefined
    },
    targetSessionAttrs: readSessionAttrs(parameters.get('target_session_attrs')),
    settings: Object.fromEntries(
      [...parameters].filter(([name]) => !FOREIGN.has(name.toLowerCase()) && !OWN.has(name))
    )
  }
}

/** Returns what is wrong with a URL, in words that follow its name; undefined when it can be used. */
export function postgresUrlFault(url: string): string | undefined {
  try {
    parsePostgresUrl(url)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function split(url: string) {
  const rest = url.slice(url.indexOf('://') + 3)
  const [main = '', ...query] = rest.split('?')
  const slash = main.indexOf('/')
  const parameters = query.join('?').split('&').filter(Boolean)
  return {
    authority: slash < 0 ? main : main.slice(0, slash),
    path: slash < 0 ? '' : main.slice(slash + 1),
    parameters: new Map(
      parameters
        .map((parameter) => {
          const [name = '', ...value] = parameter.split('=')
          return [decode(name), decode(value.join('='))] as const
        })
        .filter(([name, value]) => value !== '' || !OWN.has(name))
    )
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new PostgresUrlError('has a % that begins no escape: in a password, write % as %25')
  }
}

interface Place {
  host: string
  port: string | undefined
}

/** Hosts and ports in parameters go before those in the URL, each for itself. */
function readHosts(inUrl: Place[], parameters: Map<string, string>) {
  const names = (parameters.get('hostaddr') ?? parameters.get('host'))?.split(',')
  const ports = parameters.get('port')?.split(',') ?? inUrl.map(({ port }) => port)
  const entries = (names ?? inUrl.map(({ host }) => host)).map((host, i) => ({
    host,
    port: readPort(ports.length > 1 ? ports[i] : ports[0])
  }))
  const [first] = entries
  const isSocket = entries.some(({ host }) => host.startsWith('/'))
  if (isSocket && entries.length > 1) {
    throw new PostgresUrlError('can name a Unix socket only alone, not among several hosts')
  }
  const isUnsaid = isSocket || (entries.length === 1 && first?.host === '')
  return {
    hosts: isUnsaid ? [] : entries.map(({ host }) => host || 'localhost'),
    ports: isSocket ? [] : entries.map(({ port }) => port),
    socket: isSocket ? `${first?.host}/.s.PGSQL.${first?.port}` : undefined
  }
}

function splitPort(entry: string): Place {
  const found =
    /^(?:\[(?<v6>[\da-f:.]+(?:%[\w.]+)?)\]|(?<name>[^\s:[\]@#]*))(?::(?<port>\d*))?$/i.exec(entry)
  if (!found?.groups) {
    throw new PostgresUrlError(
      'has a host that cannot be read: escape special characters of the user and the password, such as / as %2F'
    )
  }
  const { v6, name = '', port } = found.groups
  // The % before the zone of a link-local address may be written as it is, or escaped.
  return { host: v6?.replace('%25', '%') ?? decode(name), port: port || undefined }
}

function readPort(text: string | undefined): number {
  const port = Number(text ?? DEFAULT_PORT)
  if (!Number.isInteger(port) || port < 1 || port > MAX_PORT) {
    throw new PostgresUrlError(`has a port that is not a number from 1 to ${MAX_PORT}`)
  }
  return port
}

function readSslMode(parameters: Map<string, string>): SslMode {
  const rootCert = parameters.get('sslrootcert')
  const unsaid = rootCert === undefined ? 'disable' : 'require'
  const given = parameters.get('sslmode') ?? parameters.get('ssl') ?? unsaid
  const mode = SSL_ALIASES[given] ?? SSL_MODES.find((known) => known === given)
  if (mode === undefined) {
    throw new PostgresUrlError(`has an sslmode that is not one of ${SSL_MODES.join(', ')}`)
  }
  // As in libpq: a certificate authority of one's own, or of the system, is meant to be checked.
  if (rootCert === 'system') {
    return 'verify-full'
  }
  return rootCert !== undefined && mode === 'require' ? 'verify-ca' : mode
}

function readSessionAttrs(given: string | undefined): SessionAttrs | undefined {
  if (given === undefined || given === 'any') {
    return undefined
  }
  const attrs = SESSION_ATTRS.find((known) => known === given)
  if (attrs === undefined) {
    throw new PostgresUrlError(
      READ_ONLY_ATTRS.includes(given)
        ? `has a target_session_attrs for servers that cannot be written to: ${SESSION_ATTRS.join(' or ')} is needed`
        : `has a target_session_attrs that is not one of any, ${SESSION_ATTRS.join(', ')}`
    )
  }
  return attrs
}
