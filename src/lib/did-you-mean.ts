import { closest, distance } from 'fastest-levenshtein'

const MAX_EDITS = 3

/**
 * Returns the known name that a mistyped one most probably means: one that differs in a few letters, or one that
 * contains it or is contained in it. Returns undefined when there is none.
 */
export function closestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) {
    return undefined
  }
  const wanted = name.toLowerCase().slice(0, 64)
  const best = closest(wanted, known)
  if (distance(wanted, best) <= Math.min(MAX_EDITS, Math.ceil(best.length / 2))) {
    return best
  }
  // A short name is part of many that mean something else, such as `id` of `project_id`.
  const isPart = (part: string, whole: string) => part.length > 2 && whole.includes(part)
  const parts = known.filter((k) => isPart(k, wanted) || isPart(wanted, k))
  return parts.length > 0 ? closest(wanted, parts) : undefined
}
