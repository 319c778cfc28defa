import { isIPv6 } from 'node:net'

/** How this machine is called in a URL; a server that listens on all IP addresses is at localhost, too. */
export function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') {
    return 'localhost'
  }
  return isIPv6(host) ? `[${host}]` : host
}
