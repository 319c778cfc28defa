import { closest, distance } from 'fastest-levenshtein'

const MAX_EDITS = 3
/** A name that is nearly another one differs in a letter, a long one in two; a short one is part of too many. */
const LONG_NAME = 6
const MIN_PART = 5

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

/** Returns the known name that is nearly the same as one, or part of it; undefined when there is none. */
export function similarName(name: string, known: readonly string[]): string | undefined {
  const edits = name.length < LONG_NAME ? 1 : 2
  const isPart = (part: string) => part.length >= MIN_PART && name.includes(part)
  return known.find((k) => distance(name, k) <= edits) ?? known.find(isPart)
}
