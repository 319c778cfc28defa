import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { canonicalIp, cidrMatcher } from './ip.ts'

/** IPv4 that is not the public internet (IANA's registry of special addresses), and where Azure answers its guests. */
const INSIDE_IPV4 = cidrMatcher([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3'
])
/** Of IPv6 only this is handed out; what is not in it leads inside, or through a translator to any IPv4. */
const GLOBAL_IPV6 = cidrMatcher(['2000::/3'])
/** And of that not these: Teredo and others, documentation, 6to4, AS112. */
const SPECIAL_IPV6 = cidrMatcher([
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '2620:4f:8000::/48',
  '3fff::/20'
])

/**
 * Returns true for an IP address that a stranger's request must not reach: loopback, private, link-local, multicast,
 * reserved, and every IPv6 that stands for an IPv4. True for what is no IP address.
 */
export function isInside(address: string): boolean {
  if (isIP(address) === 0 || address.includes('%')) {
    return true
  }
  return ipaddr.parse(address).kind() === 'ipv4'
    ? INSIDE_IPV4(canonicalIp(address))
    : !GLOBAL_IPV6(ipaddr.parse(address).toString()) || SPECIAL_IPV6(address)
}
