import t from 'tap'
import { cidrMatcher, limitKey, networkOf, parseRange } from '../../src/lib/ip.ts'

t.test('limits apply to an IPv4 address and to the /64 of an IPv6 address', async (t) => {
  t.equal(limitKey('203.0.113.7'), '203.0.113.7/32')
  t.equal(limitKey('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
})

t.test('a network can have any prefix length', async (t) => {
  t.equal(networkOf('203.0.113.255', 25), '203.0.113.128/25')
  t.equal(networkOf('203.0.113.255', 0), '0.0.0.0/0')
  t.equal(networkOf('2001:db8:ffff:ffff::1', 56), '2001:db8:ffff:ff00::/56')
})

t.test(
  'a range is parsed in any spelling and returned in canonical form; other text is rejected',
  async (t) => {
    const read: [text: string, network: string | undefined][] = [
      ['203.0.113.7', '203.0.113.7/32'],
      ['203.0.113.7/24', '203.0.113.0/24'],
      ['::ffff:203.0.113.7', '203.0.113.7/32'],
      ['::ffff:203.0.113.0/120', '203.0.113.0/24'],
      ['2001:DB8::1', '2001:db8::1/128'],
      ['2001:db8::1/32', '2001:db8::/32'],
      ['::ffff:0:0/90', undefined],
      ['203.0.113.7/33', undefined],
      ['2001:db8::/129', undefined],
      ['203.0.113', undefined],
      ['1', undefined],
      ['0x7f.1', undefined],
      ['010.1.1.1', undefined],
      ['203.0.113.7/', undefined],
      ['203.0.113.7/8/8', undefined],
      ['203.0.113.7/-1', undefined],
      ['fe80::1%eth0', undefined],
      ['', undefined]
    ]
    for (const [text, network] of read) {
      t.equal(parseRange(text)?.network, network, text)
    }
  }
)

t.test('an IP address is matched against ranges of either family', async (t) => {
  const isIn = cidrMatcher(['10.0.0.0/8', '2001:db8::/32'])
  t.strictSame(['10.255.0.1', '11.0.0.1', '2001:db8:ffff::1', '2001:db9::1', '0.0.0.0'].map(isIn), [
    true,
    false,
    true,
    false,
    false
  ])
  t.equal(cidrMatcher([])('10.0.0.1'), false)
})
