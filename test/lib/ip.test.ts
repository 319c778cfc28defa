import t from 'tap'
import { canonicalIp, isProxyRange, maskIp } from '../../src/lib/ip.ts'

t.test('an IP address has one canonical form, and IPv4-mapped IPv6 is IPv4', async (t) => {
  const spellings: [string, string][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['::1', '::1']
  ]
  for (const [text, canonical] of spellings) {
    t.equal(canonicalIp(text), canonical, text)
  }
  for (const text of ['', 'localhost', 'x', '256.1.1.1', '192.0.2.1:80', '2001:db8::1::']) {
    t.equal(canonicalIp(text), '0.0.0.0', text)
  }
})

t.test('a masked IP address names the network, not the device', async (t) => {
  const prefixes: [string, string][] = [
    ['192.0.2.77', '192.0.2.0/24'],
    ['::ffff:192.0.2.77', '192.0.2.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['::1', '::/64'],
    ['nonsense', '0.0.0.0/24']
  ]
  for (const [text, prefix] of prefixes) {
    t.equal(maskIp(text), prefix, text)
  }
})

t.test('only CIDRs narrower than the whole Internet may be trusted as proxies', async (t) => {
  for (const text of ['10.0.0.0/8', '192.0.2.1/32', 'fd00::/8', '::1/128', '127.0.0.0/8']) {
    t.ok(isProxyRange(text), text)
  }
  for (const text of [
    '',
    '1',
    'true',
    '10.0.0.1',
    '::1',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    'loopback',
    '*',
    '10.0.0.0/8,10.0.0.0/8',
    '10.0.0.0/ 8'
  ]) {
    t.notOk(isProxyRange(text), text)
  }
})
