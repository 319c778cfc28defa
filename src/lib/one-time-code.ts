const DIGITS = 8
/** Those of ASCII, of Arabic and of Persian, and full-width ones: the last four bits of each are its value. */
const DIGIT = '[0-9\u0660-\u0669\u06f0-\u06f9\uff10-\uff19]'
/** Blanks, hyphens and dashes (a Japanese keyboard has U+30FC there), dots, and invisible marks of copied text. */
const SEPARATOR =
  '[ \\t\\r\\n\u00a0\u00ad\u1680\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff' +
  '\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069' +
  '.\u00b7\u2024\u2027\u30fb\u30fc\uff0e\u2010-\u2015\u2212\ufe58\ufe63\uff0d-]'

/** The pattern of a code as people type it: eight digits, in groups or not. */
export const CODE_PATTERN = `^${SEPARATOR}{0,8}(${DIGIT}${SEPARATOR}{0,8}){${DIGITS}}$`

/** Returns the digits of a code that matches the pattern. */
export const normalizeCode = (typed: string): string =>
  [...typed.matchAll(new RegExp(DIGIT, 'g'))].map(([digit]) => digit.charCodeAt(0) & 0xf).join('')
