import { readFileSync } from 'node:fs'
import type { Options } from 'postgres'
import { parsePostgresUrl, type TlsSettings } from '../../lib/postgres-url.ts'

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
    ...(targetSessionAttrs !== undefined && { target_session_attrs: targetSessionAttrs }),
    ssl: socket === undefined && tlsOptions(address.tls),
    // The server's timeouts are set on its role (docs/deployment.md): a pooler rejects them here.
    connection: { application_name: 'tasklane', ...Object.fromEntries(settings), ...SESSION }
  }
}

function tlsOptions({ mode, rootCert, cert, key }: TlsSettings) {
  if (mode === 'disable') {
    return false
  }
  if (mode === 'allow' || mode === 'prefer') {
    return 'prefer' as const
  }
  return {
    rejectUnauthorized: mode !== 'require',
    ...(mode === 'verify-ca' && { checkServerIdentity: () => undefined }),
    ...(rootCert !== undefined && rootCert !== 'system' && { ca: readFileSync(rootCert) }),
    ...(cert !== undefined && { cert: readFileSync(cert) }),
    ...(key !== undefined && { key: readFileSync(key) })
  }
}
