import ipaddr from 'ipaddr.js'

/** The canonical spelling of an address; IPv4-mapped IPv6 becomes IPv4 before anything else looks at it. */
export function canonicalAddress (address: string): string {
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : '0.0.0.0'
}

/** What a person is shown of an address: the /24 of an IPv4, the /64 of an IPv6 address. */
export function addressPrefix (address: string): string {
  const parsed = ipaddr.process(canonicalAddress(address))
  const bytes = parsed.toByteArray()
  const keep = bytes.length === 4 ? 3 : 8
  return `${ipaddr.fromByteArray(bytes.map((byte, i) => (i < keep ? byte : 0))).toString()}/${keep * 8}`
}

const ALL_OF_IPV4 = ['::ffff:0.0.0.0', '::ffff:255.255.255.255'].map((address) => ipaddr.IPv6.parse(address))

/** True for `10.0.0.0/8` and `fd00::/8`; false for bare addresses, numbers, words and the whole Internet, also when it is spelled as IPv6. */
export function isProxyRange (text: string): boolean {
  if (!ipaddr.isValidCIDR(text)) return false
  const [base, bits] = ipaddr.parseCIDR(text)
  return bits > 0 && !(base instanceof ipaddr.IPv6 && ALL_OF_IPV4.every((address) => address.match([base, bits])))
}
