import { closest, distance } from 'fastest-levenshtein'

/** One letter more, less or other is a typing error; two are one where the name is long. */
const LONG_NAME = 8
const MAX_LENGTH = 64
const PREFIX = /^TASKLANE_/

/**
 * Returns the setting for which a name in the environment was probably meant, undefined where it most probably is
 * another program's. The environment is full of those, so only a name that is nearly one of ours counts.
 */
export function nearestSetting(name: string, settings: readonly string[]): string | undefined {
  if (name.length > MAX_LENGTH) {
    return undefined
  }
  const wanted = name.toUpperCase().replaceAll('-', '_').replace(PREFIX, '')
  const best = closest(wanted, settings)
  return distance(wanted, best) <= (best.length < LONG_NAME ? 1 : 2) ? best : undefined
}
