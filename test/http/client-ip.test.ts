import t from 'tap'
import { auditEntries } from '../support/audit-log.ts'
import { createTestApp } from '../support/test-app.ts'

const PROXIES = { TRUST_PROXY: '10.0.0.0/8, 2001:db8:f::/48' }
const proxied = await createTestApp(t, { env: PROXIES })
const open = await createTestApp(t, { database: { ...proxied.database, close: async () => {} } })

let attempts = 0
/** Returns the IP that is stored for a request. */
async function remembered(
  { request, db }: typeof proxied,
  remoteAddress: string,
  headers: Record<string, string> = {}
): Promise<string | null | undefined> {
  const id = `attempt-${++attempts}`
  await request({
    method: 'POST',
    url: '/api/v1/auth/refresh',
    remoteAddress,
    headers: { 'x-request-id': id, ...headers },
    payload: { refresh_token: 'x'.repeat(43) }
  })
  await request({
    method: 'POST',
    url: '/api/v1/auth/login',
    remoteAddress,
    headers: { 'x-request-id': id, ...headers },
    payload: { username: 'nobody', password: 'nothing' }
  })
  return (await auditEntries(db)).find(({ request_id }) => request_id === id)?.address
}

t.test('without proxies the socket decides, and forwarded headers are ignored', async (t) => {
  const forged = {
    'x-forwarded-for': '198.51.100.1',
    forwarded: 'for=198.51.100.1',
    'x-real-ip': '198.51.100.1',
    'cf-connecting-ip': '198.51.100.1'
  }
  t.equal(await remembered(open, '203.0.113.7', forged), '203.0.113.7')
  t.equal(await remembered(open, '::ffff:203.0.113.7'), '203.0.113.7')
  t.equal(await remembered(open, '2001:0DB8:0::7'), '2001:db8::7')
})

const cases: [title: string, socket: string, forwarded: string | undefined, client: string][] = [
  ['one hop behind a proxy', '10.0.0.1', '203.0.113.7', '203.0.113.7'],
  [
    "the left-most value is the attacker's to choose",
    '10.0.0.1',
    '198.51.100.1, 203.0.113.7',
    '203.0.113.7'
  ],
  [
    'proxies in a row are walked from the right',
    '10.0.0.1',
    '198.51.100.1, 203.0.113.7, 10.3.2.1, 2001:db8:f::1',
    '203.0.113.7'
  ],
  [
    'a mapped proxy is the same proxy, a mapped client the same client',
    '::ffff:10.0.0.1',
    '::ffff:203.0.113.7',
    '203.0.113.7'
  ],
  ['what no proxy forwarded is not believed', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
  ['a proxy that comes by itself is itself', '10.0.0.1', undefined, '10.0.0.1'],
  ['some proxies append a port', '10.0.0.1', '203.0.113.7:4711', '203.0.113.7'],
  ['also to IPv6', '10.0.0.1', '[2001:db8::7]:4711', '2001:db8::7'],
  ['nobody hides behind what is no address', '10.0.0.1', 'unknown', '10.0.0.1'],
  ['and not behind a longer row of it', '10.0.0.1', '203.0.113.7, nonsense, 10.3.2.1', '10.3.2.1']
]
for (const [title, socket, forwarded, client] of cases) {
  t.test(title, async (t) => {
    t.equal(
      await remembered(
        proxied,
        socket,
        forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
      ),
      client
    )
  })
}

t.test('the session list shows the client, not the proxy', async (t) => {
  const from = { remoteAddress: '10.0.0.1', headers: { 'x-forwarded-for': '203.0.113.7' } }
  const answer = await proxied.request({
    method: 'POST',
    url: '/api/v1/auth/register',
    payload: { username: 'ann', password: 'correct horse battery' },
    ...from
  })
  const list = await proxied.request({
    url: '/api/v1/auth/sessions',
    headers: { authorization: `Bearer ${answer.json().access_token}` }
  })
  t.match(list.json().data, [{ address_prefix: '203.0.113.0/24' }])
})
