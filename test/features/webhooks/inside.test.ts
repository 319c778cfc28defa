import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { createSend, type Resolve } from '../../../src/features/webhooks/send.ts'
import { createTargetRules } from '../../../src/features/webhooks/target.ts'
import { createTestApp } from '../../support/test-app.ts'
import { createWebhook, startReceiver, WEBHOOKS, webhookUrl } from '../../support/webhooks.ts'

/** URLs that lead inside, or whose meaning depends on who reads them, by the code of the refusal. */
const REFUSED: Record<string, string[]> = {
  not_public: [
    'https://127.0.0.1/',
    'https://127.0.0.1:8443/x',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://017700000001/',
    'https://127.0.0.1./',
    'https://127%2E0.0.1/',
    'https://１２７.０.０.１/',
    'https://①②⑦.0.0.1/',
    'https://127。0。0。1/',
    'https://0/',
    'https://0.0.0.0/',
    'https://10.0.0.1/',
    'https://10.1/',
    'https://167772161/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.0.1/',
    'https://192.168.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://0xa9fea9fe/',
    'https://2852039166/',
    'https://0251.0376.0251.0376/',
    'https://168.63.129.16/',
    'https://100.64.0.1/',
    'https://100.100.100.200/',
    'https://192.0.0.192/',
    'https://192.0.2.1/',
    'https://198.18.0.1/',
    'https://198.51.100.1/',
    'https://203.0.113.1/',
    'https://224.0.0.1/',
    'https://239.255.255.250/',
    'https://240.0.0.1/',
    'https://255.255.255.255/',
    'https://[::1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::ffff:8.8.8.8]/',
    'https://[0:0:0:0:0:ffff:10.0.0.1]/',
    'https://[::127.0.0.1]/',
    'https://[::ffff:0:127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[64:ff9b::8.8.8.8]/',
    'https://[64:ff9b:1::a00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[2002:a00:1::1]/',
    'https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
    'https://[2001:db8::1]/',
    'https://[2001:10::1]/',
    'https://[3fff::1]/',
    'https://[100::1]/',
    'https://[5f00::1]/',
    'https://[fe80::1]/',
    'https://[fec0::1]/',
    'https://[fc00::1]/',
    'https://[fd00:ec2::254]/',
    'https://[ff02::1]/',
    'https://[4000::1]/',
    'https://localhost/',
    'https://LOCALHOST/',
    'https://localhost./',
    'https://anything.localhost/',
    'https://printer.local/',
    'https://metadata.google.internal/computeMetadata/v1/',
    'https://router.lan/',
    'https://nas.home.arpa/',
    'https://intranet/',
    'https://postgres:5432/'
  ],
  out_of_range: [
    'https://hooks.example.com:22/',
    'https://hooks.example.com:25/',
    'https://hooks.example.com:0/',
    'https://hooks.example.com:1023/',
    'https://1.1.1.1:445/'
  ],
  malformed: [
    'https://user@hooks.example.com/',
    'https://user:password@hooks.example.com/',
    'https://@hooks.example.com/',
    'https://hooks.example.com@127.0.0.1/',
    'https://hooks.example.com#@127.0.0.1/',
    'https://hooks.example.com/#fragment',
    'https:///hooks.example.com/',
    'https://hooks.example.com:99999/',
    'https://[::1/',
    'https://1.2.3.256/',
    'https://[fe80::1%25eth0]/',
    'https://hooks.example.com\u3000.evil/'
  ],
  pattern: [
    'ftp://hooks.example.com/',
    'file:///etc/passwd',
    'gopher://hooks.example.com/',
    'data:text/plain,x',
    'https:hooks.example.com',
    'https:/hooks.example.com/',
    'hooks.example.com',
    '//hooks.example.com/',
    ' https://hooks.example.com/',
    'https://hooks.example.com/ x',
    'https://hooks.example.com\\@127.0.0.1/',
    'https:\\\\hooks.example.com/',
    'https://127.0.0.1\t/',
    'https://hooks\n.example.com/'
  ]
}
const ACCEPTED = [
  'https://hooks.example.com',
  'HTTPS://Hooks.Example.com/Path?query=1&at=a@b',
  'https://hooks.example.com:443/',
  'https://hooks.example.com:8443/',
  'https://hooks.example.com:1024/',
  'https://xn--bcher-kva.example/',
  'https://1.1.1.1/',
  'https://172.32.0.1/',
  'https://100.128.0.1/',
  'https://[2606:4700:4700::1111]/',
  'http://hooks.example.com/'
]

const app = await createTestApp(t)
const ann = await app.signUp()

t.test('a URL that leads inside, or might, is refused by name', async (t) => {
  let count = 0
  for (const [code, urls] of Object.entries(REFUSED)) {
    for (const url of urls) {
      count++
      const response = await ann.post(WEBHOOKS, { url })
      t.equal(response.statusCode, 400, url)
      const [error] = response.json().errors
      t.match(error, { in: 'body', pointer: '/url' }, url)
      if (code !== 'pattern') {
        t.equal(error.code, code, url)
      }
      t.match(error.detail, /https:|port/, url)
    }
  }
  t.ok(count > 100)
  t.strictSame((await ann.get(WEBHOOKS)).json().data, [])
})

t.test(
  'a public URL is accepted as it is, and changed to no other than a public one',
  async (t) => {
    for (const url of ACCEPTED) {
      const webhook = await createWebhook(ann, url)
      t.equal(webhook.url, url)
      const payload = { url: 'https://10.0.0.1/' }
      const change = await ann.send({ method: 'PATCH', url: webhookUrl(webhook), payload })
      t.equal(change.statusCode, 400)
      await ann.send({ method: 'DELETE', url: webhookUrl(webhook) })
    }
  }
)

t.test('in production http is refused, except to what is allowed', async (t) => {
  const faultOf = (url: string, WEBHOOK_ALLOW?: string) =>
    createTargetRules({ isProduction: true, WEBHOOK_ALLOW }).findFault(url)
  t.match(faultOf('http://hooks.example.com/')?.message, /https:/)
  t.match(faultOf('http://1.1.1.1/', '10.0.0.0/8')?.message, /https:/)
  t.equal(faultOf('https://hooks.example.com/'), undefined)
  t.equal(faultOf('http://10.1.2.3:8080/', '10.0.0.0/8'), undefined)
  t.equal(faultOf('http://receiver.internal:8080/', '10.0.0.0/8'), undefined)
  t.ok(faultOf('http://192.168.0.1:8080/', '10.0.0.0/8'))
  t.ok(faultOf('https://localhost/', '10.0.0.0/8'))
})

/** A receiver on one address of this machine, which counts who has connected. */
async function listenOn(t: Test, address: string, port = 0) {
  const seen: string[] = []
  let connections = 0
  const server = createServer((request, response) => {
    seen.push(String(request.headers.host))
    response.writeHead(204).end()
  })
  server.on('connection', () => {
    connections++
  })
  await new Promise<void>((resolve) => server.listen(port, address, resolve))
  t.teardown(() => server.close())
  return { port: (server.address() as AddressInfo).port, seen, connections: () => connections }
}

const sendTo = (url: string, resolve: Resolve, rules = { WEBHOOK_ALLOW: '127.0.0.2/32' }) =>
  createSend(createTargetRules({ isProduction: false, ...rules }), resolve)(
    url,
    {},
    '{}',
    new AbortController().signal
  )

t.test('a name is looked up once, and connected to is what was checked', async (t) => {
  const allowed = await listenOn(t, '127.0.0.2')
  const forbidden = await listenOn(t, '127.0.0.1', allowed.port)
  const names: string[] = []
  const rebinding: Resolve = async (name) => {
    names.push(name)
    return names.length === 1 ? ['127.0.0.2'] : ['127.0.0.1']
  }
  const url = `http://rebinding.example.com:${allowed.port}/`
  t.match(await sendTo(url, rebinding), { status: 204, error: null })
  t.strictSame(names, ['rebinding.example.com'])
  t.strictSame(allowed.seen, [`rebinding.example.com:${allowed.port}`])
  t.match(await sendTo(url, rebinding), { status: null, error: /not allowed/ })
  t.equal(forbidden.connections(), 0)
})

t.test('a name is connected to only if each of its addresses may be', async (t) => {
  const inside = await listenOn(t, '127.0.0.1')
  const url = `http://hooks.example.com:${inside.port}/`
  const answers = [
    ['127.0.0.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['fd00:ec2::254'],
    ['fe80::1'],
    ['fe80::1%lo'],
    ['0.0.0.0'],
    ['::'],
    ['64:ff9b::7f00:1'],
    ['2002:7f00:1::'],
    ['127.0.0.2', '127.0.0.1'],
    ['127.0.0.2', '::1'],
    ['no address']
  ]
  for (const addresses of answers) {
    const answer = await sendTo(url, async () => addresses)
    t.match(answer, { status: null, error: /not allowed/ }, addresses.join())
    t.notMatch(answer.error, /\d/, 'what it found inside is not told')
  }
  t.match(await sendTo(url, async () => []), { error: /no IP address/ })
  t.equal(inside.connections(), 0)
})

t.test('a URL that was stored when it was allowed is not connected to any more', async (t) => {
  const receiver = await startReceiver(t)
  const never: Resolve = async () => t.fail('an address is not looked up') as never
  const answer = await sendTo(receiver.url, never, { WEBHOOK_ALLOW: '10.0.0.0/8' })
  t.match(answer, { status: null, error: /not allowed/ })
  t.equal(receiver.received.length, 0)
})

t.test('localhost is this machine, whatever a name server says', async (t) => {
  const receiver = await startReceiver(t)
  const url = receiver.url.replace('127.0.0.1', 'localhost')
  const lying: Resolve = async () => ['1.1.1.1']
  const answer = await sendTo(url, lying, { WEBHOOK_ALLOW: '127.0.0.0/8' })
  t.equal(answer.status, 204)
  t.equal(receiver.received.length, 1)
})
