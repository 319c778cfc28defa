import { isIP } from 'node:net'
import type { Config } from '../../config.ts'
import { invalidField, type Problem } from '../../core/problem.ts'
import { splitList } from '../../lib/config-formats.ts'
import { isInside } from '../../lib/inside-address.ts'
import { canonicalIp, cidrMatcher } from '../../lib/ip.ts'

export type TargetConfig = Pick<Config, 'isProduction' | 'WEBHOOK_ALLOW'>

/** What a URL may lead to. */
export interface TargetRules {
  /** Returns what is wrong with a URL that somebody wants changes to be sent to, as far as it tells by itself. */
  findFault: (url: string) => Problem | undefined
  /** Tells whether a request to this URL may be sent to this IP address. */
  mayReach: (url: URL, address: string) => boolean
}

/** Names that no public resolver knows, or that belong to the network in which they are asked for. */
const INSIDE_NAME =
  /^[^.]*$|\.(local|localdomain|localhost|internal|intranet|private|corp|home|lan|home\.arpa)$/
const FIRST_FREE_PORT = 1024
const WELL_KNOWN_PORTS = ['', '80', '443']
/** Two slashes and then the host: no more slashes, no user, nothing that parsers of URLs read differently. */
const PLAIN = /^https?:\/\/[^/?#@\\\s]+([/?][^\s\\#]*)?$/i

/** Returns the host of a URL as the resolver takes it: without brackets and without the final dot. */
export const hostOf = ({ hostname }: URL): string =>
  hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')

/** Reads from the configuration where requests may go to: the internet, and what `WEBHOOK_ALLOW` adds. */
export function createTargetRules({ isProduction, WEBHOOK_ALLOW }: TargetConfig): TargetRules {
  const ranges = splitList(WEBHOOK_ALLOW)
  const isAllowed = cidrMatcher(ranges)
  const mayReach = ({ protocol }: URL, address: string) =>
    isIP(address) !== 0 &&
    (isAllowed(canonicalIp(address)) ||
      (!isInside(address) && (protocol === 'https:' || !isProduction)))
  const isPossibleName = (url: URL, name: string) =>
    ranges.length > 0 || (!INSIDE_NAME.test(name) && (url.protocol === 'https:' || !isProduction))
  return {
    mayReach,
    findFault(text) {
      const url = PLAIN.test(text) ? URL.parse(text) : null
      const fault = url ? findFaultOfPort(url) : MALFORMED
      if (fault || !url) {
        return fault
      }
      const host = hostOf(url)
      const address = addressOf(host)
      const isPossible = address === undefined ? isPossibleName(url, host) : mayReach(url, address)
      return isPossible ? undefined : refusal(url, isProduction)
    }
  }
}

/** Returns the address that a host is or stands for by itself. */
export function addressOf(host: string): string | undefined {
  if (isIP(host) !== 0) {
    return host
  }
  return host === 'localhost' || host.endsWith('.localhost') ? '127.0.0.1' : undefined
}

const fault = (code: string, rule: string): Problem =>
  invalidField('body', '/url', code, `url ${rule}.`)

const MALFORMED = fault(
  'malformed',
  'must be a URL such as https://hooks.example.com/tasklane, without username, password and fragment'
)

function findFaultOfPort({ port }: URL): Problem | undefined {
  return WELL_KNOWN_PORTS.includes(port) || Number(port) >= FIRST_FREE_PORT
    ? undefined
    : fault('out_of_range', `must have port 443, 80, or one from ${FIRST_FREE_PORT} on`)
}

function refusal({ protocol }: URL, isProduction: boolean): Problem {
  return protocol === 'http:' && isProduction
    ? fault('malformed', 'must begin with https://, such as https://hooks.example.com/tasklane')
    : fault(
        'not_public',
        'must lead to the public internet, such as https://hooks.example.com/tasklane; to what is inside, ' +
          'the administrator of your installation can allow it with WEBHOOK_ALLOW'
      )
}
