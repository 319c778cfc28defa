import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { checkServerIdentity, createSecureContext, type PeerCertificate } from 'node:tls'
import type { Options } from 'postgres'
import { fileErrorReason } from '../../lib/file-error.ts'
import { type PostgresAddress, parsePostgresUrl, type TlsSettings } from '../../lib/postgres-url.ts'
import { UnsuitableDatabaseError } from '../unsuitable-database.ts'

/** Sent in every session: timestamps are parsed as UTC in ISO format, whatever the database or the role has set. */
const SESSION = { TimeZone: 'UTC', DateStyle: 'ISO' }
const isOurs = (name: string): boolean =>
  Object.keys(SESSION).some((ours) => ours.toLowerCase() === name.toLowerCase())

/** Returns the driver's options for a PostgreSQL URL, which the driver does not get to read itself. */
export function connectionOptions(url: string): Options<Record<string, never>> {
  const address = parsePostgresUrl(url)
  const { hosts, ports, socket, user, password, database, targetSessionAttrs } = address
  const settings = Object.entries(address.settings).filter(([name]) => !isOurs(name))
  return {
    // The driver takes lists; its types do not say so.
    ...(hosts.length > 0 && { host: hosts as unknown as string, port: ports as unknown as number }),
    ...(socket !== undefined && { path: socket }),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { pass: password }),
    ...(database !== undefined && { database }),
    // The driver takes a standby for read-write, which is the same since PostgreSQL says what it is (version 14).
    ...(targetSessionAttrs !== undefined && { target_session_attrs: 'primary' as const }),
    ssl: socket === undefined && tlsOptions(address),
    // The server's timeouts are set on its role (docs/deployment.md): a pooler rejects them here.
    connection: { application_name: 'tasklane', ...Object.fromEntries(settings), ...SESSION }
  }
}

function tlsOptions({ hosts, tls }: PostgresAddress) {
  const { mode, serverName } = tls
  if (mode === 'disable') {
    return false
  }
  if (mode === 'allow' || mode === 'prefer') {
    return 'prefer' as const
  }
  return {
    rejectUnauthorized: mode !== 'require',
    checkServerIdentity: identityCheck(
      mode === 'verify-full',
      serverName === undefined ? hosts : []
    ),
    ...(serverName !== undefined && { servername: serverName }),
    ...readCertificates(tls)
  }
}

/** The driver gives no name for a host that is an IP address, which Node then takes for `localhost`. */
const identityCheck =
  (isFull: boolean, hosts: string[]) =>
  (name: string, certificate: PeerCertificate): Error | undefined => {
    if (!isFull) {
      return undefined
    }
    const addresses = name === 'localhost' ? hosts.filter((host) => isIP(host)) : []
    const names = addresses.length > 0 && !hosts.includes(name) ? addresses : [name, ...addresses]
    const [fault, ...others] = names.map((each) => checkServerIdentity(each, certificate))
    return others.includes(undefined) ? undefined : fault
  }

function readCertificates({ rootCert, cert, key, keyPassword }: TlsSettings) {
  const files = {
    ...(rootCert !== undefined && rootCert !== 'system' && { ca: read('sslrootcert', rootCert) }),
    ...(cert !== undefined && { cert: read('sslcert', cert) }),
    ...(key !== undefined && { key: read('sslkey', key) }),
    ...(keyPassword !== undefined && { passphrase: keyPassword })
  }
  try {
    // The driver would do it where nothing can catch the error.
    createSecureContext(files)
  } catch (error) {
    throw new UnsuitableDatabaseError(
      'The files that sslcert and sslkey name in the URL of the database cannot be used: ' +
        `${(error as Error).message}.`
    )
  }
  return files
}

function read(parameter: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new UnsuitableDatabaseError(
      `The file that ${parameter} names in the URL of the database cannot be read: ${fileErrorReason(error)}.`
    )
  }
}
