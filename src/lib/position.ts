import { BASE_52_DIGITS, generateKeyBetween, generateNKeysBetween } from 'fractional-indexing'

/** Digits and first letters of positions; both sort by bytes. */
const DIGITS = '0123456789abcdef'
const HEADS = BASE_52_DIGITS

/** The longest position that is ever stored. */
export const MAX_POSITION = 200

/** What is between two positions; null is the beginning or the end of the list. */
export interface Gap {
  before: string | null
  after: string | null
}

/**
 * Returns a position in a gap for something with this id, undefined when the gap is empty. It ends with a part of the
 * id, so that two that are put into the same gap without knowing of each other differ.
 */
export function positionIn({ before, after }: Gap, id: string): string | undefined {
  if (isEmpty({ before, after })) {
    return undefined
  }
  const key = generateKeyBetween(before, after, DIGITS, HEADS)
  // A key must not end with a zero; after a zero it is less than nearly all that begin like it.
  const own = [`${key}${id.slice(-6)}8`, `${key}0${id.slice(-6)}8`]
  return own.find((position) => after === null || position < after) ?? key
}

/** Returns positions in a gap, in order and as far from each other as they can be; undefined when it is empty. */
export const positionsIn = (gap: Gap, count: number): string[] | undefined =>
  isEmpty(gap) ? undefined : generateNKeysBetween(gap.before, gap.after, count, DIGITS, HEADS)

const isEmpty = ({ before, after }: Gap): boolean =>
  before !== null && after !== null && before >= after

/** Tells whether a text can be a position; below those that begin with A there may be no room. */
export function isPosition(text: string): boolean {
  if (text.length > MAX_POSITION || !/^[B-Za-z][0-9a-f]*$/.test(text)) {
    return false
  }
  try {
    generateKeyBetween(text, null, DIGITS, HEADS)
    return true
  } catch {
    return false
  }
}
