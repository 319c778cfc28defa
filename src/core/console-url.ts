import type { Config } from '../config.ts'
import { hostInUrl } from '../lib/origin.ts'

/**
 * Returns the URL of a page of the console. Never from the headers of a request, which anybody can write. What it
 * carries may be secret: it is in the fragment, which browsers send to no server.
 */
export function consoleUrl(
  { PUBLIC_URL, HOST, PORT }: Pick<Config, 'PUBLIC_URL' | 'HOST' | 'PORT'>,
  page: string,
  parameters: Record<string, string>
): string {
  const origin = PUBLIC_URL ?? `http://${hostInUrl(HOST)}:${PORT}`
  return `${origin}/app/#${page}?${new URLSearchParams(parameters)}`
}
