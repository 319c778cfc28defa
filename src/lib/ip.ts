import { BlockList, isIP, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** The canonical spelling of an address; IPv4-mapped IPv6 becomes IPv4 before anything else looks at it. */
export function canonicalIp(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : '0.0.0.0'
}

/** The network of so many bits that holds an address, such as `192.0.2.0/24`. */
export function networkOf(address: string, bits: number): string {
  const bytes = ipaddr.process(address).toByteArray()
  const kept = bytes.map((byte, i) => byte & (0xff00 >> Math.max(0, Math.min(8, bits - i * 8))))
  return `${ipaddr.fromByteArray(kept).toString()}/${bits}`
}

/** What a person is shown of an address: the /24 of an IPv4, the /64 of an IPv6 address. */
export const maskIp = (address: string): string =>
  networkOf(canonicalIp(address), isIPv6(canonicalIp(address)) ? 64 : 24)

/** Whom limits, throttle and bans mean by an address: the IPv4 address itself, the /64 of an IPv6 address, of which anybody has 2^64. */
export const limitKey = (canonical: string): string =>
  networkOf(canonical, isIPv6(canonical) ? 64 : 32)

/** Every /64 in the /56 of an IPv6 address: what one customer of a provider usually has. */
export function neighbours(address: string): string[] {
  const bytes = ipaddr.parse(address).toByteArray()
  return Array.from({ length: 256 }, (_, last) =>
    networkOf(ipaddr.fromByteArray(bytes.with(7, last)).toString(), 64)
  )
}

export interface IpRange {
  network: string
  bits: number
  isIpv6: boolean
}

/** Reads an address or a CIDR in any spelling; undefined for everything else. */
export function parseRange(text: string): IpRange | undefined {
  const [base = '', length, ...rest] = text.split('/')
  if (
    rest.length > 0 ||
    isIP(base) === 0 ||
    base.includes('%') ||
    (length !== undefined && !/^\d{1,3}$/.test(length))
  ) {
    return undefined
  }
  const canonical = canonicalIp(base)
  const isIpv6 = isIPv6(canonical)
  // A mapped IPv4 address counts its bits from 96.
  const bits =
    length === undefined ? (isIpv6 ? 128 : 32) : Number(length) - (isIPv6(base) && !isIpv6 ? 96 : 0)
  if (bits < 0 || bits > (isIpv6 ? 128 : 32)) {
    return undefined
  }
  return { network: networkOf(canonical, bits), bits, isIpv6 }
}

/** Tells whether an address lies in one of some ranges. */
export function cidrMatcher(ranges: string[]): (canonical: string) => boolean {
  const list = new BlockList()
  for (const { network, bits, isIpv6 } of ranges
    .map(parseRange)
    .filter((range) => range !== undefined)) {
    list.addSubnet(network.split('/')[0] as string, bits, isIpv6 ? 'ipv6' : 'ipv4')
  }
  return (canonical) => list.check(canonical, isIPv6(canonical) ? 'ipv6' : 'ipv4')
}

const ALL_OF_IPV4 = ['::ffff:0.0.0.0', '::ffff:255.255.255.255'].map((address) =>
  ipaddr.IPv6.parse(address)
)

/** True for `10.0.0.0/8` and `fd00::/8`; false for bare addresses, numbers, words and the whole Internet, also when it is spelled as IPv6. */
export function isProxyRange(text: string): boolean {
  if (!ipaddr.isValidCIDR(text)) {
    return false
  }
  const [base, bits] = ipaddr.parseCIDR(text)
  return (
    bits > 0 &&
    !(base instanceof ipaddr.IPv6 && ALL_OF_IPV4.every((address) => address.match([base, bits])))
  )
}
