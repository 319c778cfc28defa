import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Stands for the address of a client that is not known. */
export const UNKNOWN_IP = '0.0.0.0'

/** Returns the canonical form of an IP address; IPv4-mapped IPv6 becomes IPv4. */
export function canonicalIp(ip: string): string {
  if (isIPv4(ip)) {
    // Node accepts no other spelling of it.
    return ip
  }
  return ipaddr.isValid(ip) ? ipaddr.process(ip).toString() : UNKNOWN_IP
}

/** Returns the network of an IP address with this prefix length, such as `192.0.2.0/24`. */
export function networkOf(ip: string, bits: number): string {
  const bytes = ipaddr.process(ip).toByteArray()
  const prefix = bytes.map((byte, i) => byte & (0xff00 >> Math.max(0, Math.min(8, bits - i * 8))))
  return `${ipaddr.fromByteArray(prefix).toString()}/${bits}`
}

/** Returns the part of an IP address that people are shown: the /24 of IPv4, the /64 of IPv6. */
export const maskIp = (ip: string): string =>
  networkOf(canonicalIp(ip), isIPv6(canonicalIp(ip)) ? 64 : 24)

/**
 * Returns the network that limits, throttle and bans apply to: a single IPv4 address, or the /64 of IPv6, in which one
 * client has 2^64 addresses.
 */
export const limitKey = (canonical: string): string =>
  networkOf(canonical, isIPv6(canonical) ? 64 : 32)

/** Returns true for a host name or an IP address, in brackets or not, that only this machine can reach. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '')
  const address = isIP(name) === 0 ? '' : canonicalIp(name)
  return name.toLowerCase() === 'localhost' || address === '::1' || address.startsWith('127.')
}

export interface IpRange {
  network: string
  bits: number
  isIpv6: boolean
}

/** Parses an IP address or a CIDR in any spelling; returns undefined for everything else. */
export function parseRange(text: string): IpRange | undefined {
  const [base = '', length, ...rest] = text.split('/')
  if (rest.length > 0 || isIP(base) === 0 || base.includes('%')) {
    return undefined
  }
  const canonical = canonicalIp(base)
  const isIpv6 = isIPv6(canonical)
  const maxBits = isIpv6 ? 128 : 32
  if (length === undefined) {
    return { network: networkOf(canonical, maxBits), bits: maxBits, isIpv6 }
  }
  // The prefix length of an IPv4-mapped address counts from 96.
  const bits = Number(length) - (isIPv6(base) && !isIpv6 ? 96 : 0)
  if (!/^\d{1,3}$/.test(length) || bits < 0 || bits > maxBits) {
    return undefined
  }
  return { network: networkOf(canonical, bits), bits, isIpv6 }
}

/** Returns a function that tells whether an IP address is in one of the ranges. */
export function cidrMatcher(ranges: string[]): (canonical: string) => boolean {
  const list = new BlockList()
  for (const range of ranges.map(parseRange)) {
    if (range) {
      const [base = ''] = range.network.split('/')
      list.addSubnet(base, range.bits, range.isIpv6 ? 'ipv6' : 'ipv4')
    }
  }
  return (canonical) => list.check(canonical, isIPv6(canonical) ? 'ipv6' : 'ipv4')
}

const ALL_OF_IPV4 = ['::ffff:0.0.0.0', '::ffff:255.255.255.255'].map((ip) => ipaddr.IPv6.parse(ip))

/**
 * Returns true for a CIDR such as `10.0.0.0/8`; false for bare addresses and for all of IPv4 or IPv6 in any
 * spelling.
 */
export function isProxyRange(text: string): boolean {
  if (!ipaddr.isValidCIDR(text)) {
    return false
  }
  const [base, bits] = ipaddr.parseCIDR(text)
  return (
    bits > 0 && !(base instanceof ipaddr.IPv6 && ALL_OF_IPV4.every((ip) => ip.match([base, bits])))
  )
}
