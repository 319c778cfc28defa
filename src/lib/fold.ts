/**
 * How texts are compared: whatever the case, accents and the form of composed letters, the same on every locale. The
 * functions fold_other_letters and separate_other_words do the same in the database: a change takes a migration.
 */

import { IGNORED, LETTERS, LETTERS_APART, MARKS_APART, SYMBOLS } from './fold-tables.ts'

/** Letters that are written as two. */
const LETTER_PAIRS: readonly [from: string, to: string][] = [
  ['ß', 'ss'],
  ['æ', 'ae'],
  ['œ', 'oe']
]

const classOf = (codes: string): string =>
  `[${codes.replace(/[0-9a-f]+/g, '\\u{$&}').replaceAll(' ', '')}]`
const pattern = (source: string): RegExp => new RegExp(source, 'gu')

const ignored = pattern(classOf(IGNORED))
const symbols = pattern(classOf(SYMBOLS))
const apart = pattern(`${classOf(LETTERS_APART)}${classOf(MARKS_APART)}*`)
const [from, to] = (['from', 'to'] as const).map((side) =>
  Object.values(LETTERS).flatMap((table) => [...table[side]])
) as [string[], string[]]
const replacements = new Map<string, string>([
  ...from.map((letter, i): [string, string] => [letter, to[i] as string]),
  ...LETTER_PAIRS
])
// A capital of the table may become a letter that is written as two.
const replacementOf = (letter: string): string => {
  const small = replacements.get(letter) ?? letter
  return replacements.get(small) ?? small
}

/** Returns a text as it is compared: small letters without accents. */
export const foldLetters = (text: string): string =>
  [...text.normalize('NFKD').replace(ignored, '').normalize('NFC')]
    .map(replacementOf)
    .join('')
    .replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase())

/** PostgreSQL reads `2e5abc` as a number with an exponent and a word. */
const NUMBER_BEFORE_WORD = /(?<![\p{L}\p{N}\p{M}])\d+e\d+(?!\d)(?=[\p{L}\p{N}\p{M}])/gu

/** Returns the words of a text as they are indexed, each letter of Thai, Japanese and Chinese a word of its own. */
export const foldedWords = (text: string): string[] =>
  foldLetters(text)
    .replace(symbols, ' ')
    .replace(apart, ' $& ')
    .replace(NUMBER_BEFORE_WORD, '$& ')
    .match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu) ?? []

/** Counts words as people do, for whom a Chinese sentence is not one for each letter. */
export const countWords = (text: string): number =>
  foldLetters(text).replace(symbols, ' ').split(/\s+/).filter(Boolean).length
