/** Blanks, controls, formats and fillers, which show nothing by themselves. U+2800 is Braille without a dot. */
const INVISIBLE = /^[\s\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]*$/u
/** Signs of Arabic, Syriac and Kaithi that are written around numbers and seen, though they count as formats. */
const SEEN = /[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]/u

/** Returns true for a text that shows something. */
export const isVisible = (text: string): boolean => !INVISIBLE.test(text) || SEEN.test(text)
