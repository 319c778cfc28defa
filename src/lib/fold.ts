/**
 * How texts are compared: whatever the case, accents and the form of composed letters, the same on every locale. The
 * functions fold_other_letters and separate_other_words do the same in the database: a change takes a migration.
 */

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
  [0x200c, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff]
]

/** Punctuation and symbols, which only set words apart. Capital letters of ASCII are small by then. */
const SYMBOLS: readonly Range[] = [
  [0x01, 0x2f],
  [0x3a, 0x60],
  [0x7b, 0xa9],
  [0xab, 0xb4],
  [0xb6, 0xb9],
  [0xbb, 0xbf],
  [0xd7, 0xd7],
  [0xf7, 0xf7],
  [0x2c2, 0x2c5],
  [0x2d2, 0x2df],
  [0x2e5, 0x2eb],
  [0x2ed, 0x2ed],
  [0x2ef, 0x2ff],
  [0x37e, 0x37e],
  [0x387, 0x387],
  [0x55a, 0x55f],
  [0x589, 0x58a],
  [0x5be, 0x5be],
  [0x5c0, 0x5c0],
  [0x5c3, 0x5c3],
  [0x5c6, 0x5c6],
  [0x5f3, 0x5f4],
  [0x606, 0x60f],
  [0x61b, 0x61f],
  [0x66a, 0x66d],
  [0x6d4, 0x6d4],
  [0x964, 0x965],
  [0x970, 0x970],
  [0xe3f, 0xe3f],
  [0xe4f, 0xe4f],
  [0xe5a, 0xe5b],
  [0x1360, 0x1368],
  [0x17d4, 0x17d6],
  [0x17d8, 0x17db],
  [0x2000, 0x206f],
  [0x20a0, 0x20cf],
  [0x2100, 0x2131],
  [0x2133, 0x214d],
  [0x2190, 0x245f],
  [0x2500, 0x2bff],
  [0x2e00, 0x2fff],
  [0x3000, 0x3004],
  [0x3008, 0x3020],
  [0x3030, 0x3030],
  [0x3036, 0x3037],
  [0x303d, 0x303f],
  [0x309b, 0x309c],
  [0x30a0, 0x30a0],
  [0x30fb, 0x30fb],
  [0xe000, 0xf8ff],
  [0xfe10, 0xfe6f],
  [0xfff0, 0xffff],
  [0x1f000, 0x1faff]
]

/** Letters of scripts that set no blanks between words, each of which is a word: Thai, Japanese and Chinese. */
const LETTERS_APART: readonly Range[] = [
  [0xe01, 0xe30],
  [0xe32, 0xe33],
  [0xe40, 0xe46],
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

/**
 * Letters that are replaced where Unicode does not decompose them, the table of the frequent ones first.
 */
const LETTERS = {
  latin: {
    from: 'ÆÐØÞĐĦŁŊŒŦẞıłøđħŧ',
    to: 'æðoþdhlŋœtßilodht'
  },
  greekCyrillicArmenian: {
    from:
      'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩ' +
      'ЪЫЬЭЮЯЂЄЅІЈЉЊЋЏ' +
      'ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖ',
    to:
      'αβγδεζηθικλμνξοπρστυφχψωσабвгдежзиклмнопрстуфхцчшщ' +
      'ъыьэюяђєѕіјљњћџ' +
      'աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ'
  },
  rare: {
    from:
      'ƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƢƤƦƧƩƬƮƱƲƳƵƷƸƼǤǶǷȜȠȢȤȺȻȽȾɁɃɄɅɆ' +
      'ɈɊɌɎͰͲͶͿϏϘϚϜϞϠϢϤϦϨϪϬϮϷϺϽϾϿѠѢѤѦѨѪѬѮѰѲѴѸѺѼѾҀҊҌҎҐҒҔҖҘ' +
      'ҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӃӅӇӉӋӍӔӘӠ' +
      'ӨӶӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮ',
    to:
      'ɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵƣƥʀƨʃƭʈʊʋƴƶʒƹƽǥƕƿȝƞȣȥⱥȼƚⱦɂƀʉʌɇ' +
      'ɉɋɍɏͱͳͷϳϗϙϛϝϟϡϣϥϧϩϫϭϯϸϻͻͼͽѡѣѥѧѩѫѭѯѱѳѵѹѻѽѿҁҋҍҏґғҕҗҙ' +
      'қҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӄӆӈӊӌӎӕәӡ' +
      'өӷӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯ'
  }
}

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
    .toLowerCase()

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
