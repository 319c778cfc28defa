import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PeerCertificate } from 'node:tls'
import t from 'tap'
import { connectionOptions } from '../../src/db/postgres-js/connection-options.ts'

interface Tls {
  servername?: string
  checkServerIdentity(name: string, certificate: PeerCertificate): Error | undefined
}
const tlsOf = (url: string) => connectionOptions(url).ssl as unknown as Tls
const certificateOf = (subjectaltname: string) =>
  ({ subject: {}, subjectaltname }) as PeerCertificate

t.test('with verify-full the certificate has the host, which may be an IP address', async (t) => {
  const LOCALHOST = certificateOf('DNS:localhost')
  const ADDRESS = certificateOf('IP Address:192.0.2.7')
  /** Node gives the check `localhost` where it is told no name, as for IP addresses. */
  const cases: [host: string, name: string, certificate: PeerCertificate, isRight: boolean][] = [
    ['db.example.com', 'db.example.com', certificateOf('DNS:*.example.com'), true],
    ['db.example.com', 'db.example.com', LOCALHOST, false],
    ['localhost', 'localhost', LOCALHOST, true],
    ['192.0.2.7', 'localhost', LOCALHOST, false],
    ['192.0.2.7', 'localhost', ADDRESS, true],
    ['[2001:db8::1]', 'localhost', ADDRESS, false],
    ['192.0.2.8,192.0.2.7', 'localhost', ADDRESS, true]
  ]
  for (const [host, name, certificate, isRight] of cases) {
    const tls = tlsOf(`postgres://app@${host}/x?sslmode=verify-full`)
    const title = `${host} ${certificate.subjectaltname}`
    t.equal(tls.checkServerIdentity(name, certificate) === undefined, isRight, title)
  }
  const apart = tlsOf('postgres://app@localhost/x?hostaddr=192.0.2.7&sslmode=verify-full')
  t.equal(apart.servername, 'localhost')
  t.equal(apart.checkServerIdentity('localhost', LOCALHOST), undefined)
  const authorityOnly = tlsOf('postgres://app@192.0.2.7/x?sslmode=verify-ca')
  t.equal(authorityOnly.checkServerIdentity('localhost', LOCALHOST), undefined)
})

t.test('a file of a certificate that cannot be used is named by its parameter', async (t) => {
  const folder = t.testdir()
  const text = join(folder, 'text.pem')
  writeFileSync(text, 'no certificate')
  for (const [parameters, words] of [
    [
      `sslrootcert=${folder}/absent`,
      /^The file that sslrootcert names .*: there is no such file\.$/
    ],
    [`sslcert=${folder}`, /^The file that sslcert names .*: it is a directory\.$/],
    [`sslkey=${folder}/absent`, /^The file that sslkey names .*: there is no such file\.$/],
    [
      `sslcert=${text}&sslkey=${text}`,
      /^The files that sslcert and sslkey name .* cannot be used: /
    ]
  ] as const) {
    const url = `postgres://app:open-sesame@db/x?sslmode=require&${parameters}`
    t.throws(() => connectionOptions(url), { name: 'UnsuitableDatabaseError', message: words })
  }
})

t.test('whoever asks for a server to write to gets no standby', async (t) => {
  for (const attrs of ['read-write', 'primary']) {
    const options = connectionOptions(`postgres://app@a,b/x?target_session_attrs=${attrs}`)
    t.equal(options.target_session_attrs, 'primary', attrs)
  }
})
