import { closest, distance } from 'fastest-levenshtein'

const MAX_EDITS = 3

/** The known name that a mistyped one most probably meant, or undefined when none is near. */
export function nearest (name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase().slice(0, 64)
  const inside = known.filter((k) => wanted.includes(k) || (wanted.length > 2 && k.includes(wanted)))
  if (inside.length > 0) return closest(wanted, inside)
  if (known.length === 0) return undefined
  const best = closest(wanted, known)
  return distance(wanted, best) <= Math.min(MAX_EDITS, Math.ceil(best.length / 2)) ? best : undefined
}
