/**
 * How texts are compared: whatever the case, accents and the form of composed letters, the same on every locale. The
 * functions fold_other_letters and separate_other_words do the same in the database: a change takes a migration.
 */

import { LETTERS, SYMBOLS } from './fold-tables.ts'

type Range = readonly [first: number, last: number]

/** What counts for nothing: accents, Hebrew points and Arabic vowels, soft hyphens, joiners and marks of direction. */
const IGNORED: readonly Range[] = [
  [0xad, 0xad],
  [0x300, 0x36f],
  [0x483, 0x487],
  [0x591, 0x5bd],
  [0x5bf, 0x5bf],
  [0x5c1, 0x5c2],
  [0x5c4, 0x5c5],
  [0x5c7, 0x5c7],
  [0x610, 0x61a],
  [0x61c, 0x61c],
  [0x640, 0x640],
  [0x64b, 0x65f],
  [0x670, 0x670],
  [0x180b, 0x180f],
  [0x200c, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0x20d0, 0x20f0],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xe0100, 0xe01ef]
]

/** Letters of scripts that set no blanks between words, each of which is a word: Thai, Japanese and Chinese. */
const LETTERS_APART: readonly Range[] = [
  [0xe01, 0xe2e],
  [0xe30, 0xe30],
  [0xe32, 0xe33],
  [0xe40, 0xe45],
  [0x3005, 0x3007],
  [0x3041, 0x3096],
  [0x309d, 0x309f],
  [0x30a1, 0x30fa],
  [0x30fc, 0x30ff],
  [0x3400, 0x9fff],
  [0xf900, 0xfaff],
  [0x20000, 0x3ffff]
]

/** Vowels and tones of Thai, which belong to the letter before them. */
const MARKS_APART: readonly Range[] = [
  [0xe31, 0xe31],
  [0xe34, 0xe3a],
  [0xe47, 0xe4e]
]

/** Letters that are written as two. */
const LETTER_PAIRS: readonly [from: string, to: string][] = [
  ['ß', 'ss'],
  ['æ', 'ae'],
  ['œ', 'oe']
]

const hex = (code: number): string => `\\u{${code.toString(16)}}`
const classOf = (ranges: readonly Range[]): string =>
  `[${ranges.map(([first, last]) => `${hex(first)}-${hex(last)}`).join('')}]`
const pattern = (source: string): RegExp => new RegExp(source, 'gu')

const ignored = pattern(classOf(IGNORED))
const symbols = pattern(
  `[${SYMBOLS.replace(/[0-9a-f]+/g, (code) => hex(parseInt(code, 16))).replaceAll(' ', '')}]`
)
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
