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
}

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
type SslMode = (typeof SSL_MODES)[number]
const SESSION_ATTRS = ['read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const
type SessionAttrs = (typeof SESSION_ATTRS)[number]

/** Says what is wrong with a URL in words that follow its name, and never repeats it. */
export class PostgresUrlError extends Error {}

/** Parameters that other clients (libpq, Prisma, hosters) know and PostgreSQL does not: they are left out. */
const FOREIGN = new Set(
  `
  channel_binding client_encoding connect_timeout fallback_application_name gssdelegation gssencmode gsslib keepalives
  keepalives_count keepalives_idle keepalives_interval krbsrvname load_balance_hosts max_protocol_version
  min_protocol_version passfile replication require_auth requirepeer scram_client_key scram_server_key service
  servicefile ssl_max_protocol_version ssl_min_protocol_version sslcertmode sslcompression sslcrl sslcrldir
  sslkeylogfile sslnegotiation sslpassword sslsni tcp_user_timeout
  connection_limit pgbouncer pool_timeout schema single_use_connections socket_timeout sslaccept sslidentity
  statement_cache_size
  max_lifetime idle_timeout pool_max_conns pool_size prepared_statements prepared_statement_cache_size supa
  uselibpqcompat workaround
  `
    .trim()
    .split(/\s+/)
)
/** Parameters that have a meaning of their own below; PostgreSQL is not sent them either. */
const OWN = new Set(
  'dbname host hostaddr password port ssl sslcert sslkey sslmode sslrootcert target_session_attrs user'.split(
    ' '
  )
)
const DEFAULT_PORT = 5432
const MAX_PORT = 65535
const SSL_ALIASES: Record<string, SslMode> = {
  true: 'require',
  1: 'require',
  false: 'disable',
  0: 'disable'
}

/** Reads a URL as psql reads it: also with IPv6 addresses, Unix sockets and several hosts. Throws PostgresUrlError. */
export function parsePostgresUrl(url: string): PostgresAddress {
  const { authority, path, parameters } = split(url)
  const at = authority.lastIndexOf('@')
  const [user = '', ...password] = authority.slice(0, Math.max(at, 0)).split(':')
  const hosts = parameters.get('hostaddr') ?? parameters.get('host')
  return {
    ...readHosts(hosts ?? authority.slice(at + 1), hosts === undefined, parameters.get('port')),
    user: parameters.get('user') ?? (decode(user) || undefined),
    password: parameters.get('password') ?? (decode(password.join(':')) || undefined),
    database: parameters.get('dbname') ?? (decode(path) || undefined),
    tls: {
      mode: readSslMode(parameters),
      rootCert: parameters.get('sslrootcert'),
      cert: parameters.get('sslcert'),
      key: parameters.get('sslkey')
    },
    targetSessionAttrs: readSessionAttrs(parameters.get('target_session_attrs')),
    settings: Object.fromEntries(
      [...parameters].filter(([name]) => !FOREIGN.has(name) && !OWN.has(name))
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
      parameters.map((parameter) => {
        const [name = '', ...value] = parameter.split('=')
        return [decode(name), decode(value.join('='))] as const
      })
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

/** Reads hosts as they stand in the URL, with ports behind them, or in parameters, where ports stand apart. */
function readHosts(list: string, isInUrl: boolean, portList: string | undefined) {
  const shared = portList?.split(',') ?? []
  const entries = list.split(',').map((entry, i) => {
    const [host, port] = isInUrl ? splitPort(entry) : [entry, undefined]
    return { host, port: readPort(port ?? shared[i] ?? shared[0]) }
  })
  const [first] = entries
  const isSocket = entries.some(({ host }) => host.startsWith('/'))
  if (isSocket && entries.length > 1) {
    throw new PostgresUrlError('can name a Unix socket only alone, not among several hosts')
  }
  return {
    hosts: isSocket || list === '' ? [] : entries.map(({ host }) => host),
    ports: isSocket ? [] : entries.map(({ port }) => port),
    socket: isSocket ? `${first?.host}/.s.PGSQL.${first?.port}` : undefined
  }
}

function splitPort(entry: string): [host: string, port: string | undefined] {
  const found =
    /^(?:\[(?<v6>[\da-f:.]+(?:%[\w.]+)?)\]|(?<name>[^\s:[\]@#]*))(?::(?<port>\d*))?$/i.exec(entry)
  if (!found?.groups) {
    throw new PostgresUrlError(
      'has a host that cannot be read: escape special characters of the user and the password, such as / as %2F'
    )
  }
  const { v6, name = '', port } = found.groups
  return [v6 ?? decode(name), port || undefined]
}

function readPort(text: string | undefined): number {
  const port = Number(text ?? DEFAULT_PORT)
  if (!Number.isInteger(port) || port < 1 || port > MAX_PORT) {
    throw new PostgresUrlError(`has a port that is not a number from 1 to ${MAX_PORT}`)
  }
  return port
}

function readSslMode(parameters: Map<string, string>): SslMode {
  const given = parameters.get('sslmode') ?? parameters.get('ssl') ?? 'disable'
  const mode = SSL_ALIASES[given] ?? SSL_MODES.find((known) => known === given)
  if (mode === undefined) {
    throw new PostgresUrlError(`has an sslmode that is not one of ${SSL_MODES.join(', ')}`)
  }
  // As in libpq: a certificate authority of one's own, or of the system, is meant to be checked.
  const rootCert = parameters.get('sslrootcert')
  if (rootCert === 'system') {
    return 'verify-full'
  }
  return rootCert !== undefined && mode === 'require' ? 'verify-ca' : mode
}

function readSessionAttrs(given: string | undefined): SessionAttrs | undefined {
  const attrs = SESSION_ATTRS.find((known) => known === given)
  if (attrs === undefined && given !== undefined && given !== 'any') {
    throw new PostgresUrlError(
      `has a target_session_attrs that is not one of any, ${SESSION_ATTRS.join(', ')}`
    )
  }
  return attrs
}
