import { countWords, foldedWords } from './fold.ts'

/** The text has more words than a search takes. */
export class TooManyWordsError extends Error {}

export const MAX_WORDS = 16
/** A shorter text is never rejected, whatever it holds. */
const MIN_REJECTED_LENGTH = 60

const TYPOGRAPHIC_QUOTES = /[“”„‟«»]/g
/** A quoted phrase, perhaps excluded; or whatever is between blanks and quotes. A quote without its pair is a blank. */
const TERM = /(-?)"([^"]*)"|[^\s"]+/g
/** Marks that set words apart rather than join them to one, as a hyphen, a dot or a slash does. */
const SEPARATORS = /[,;!?()[\]{}<>|&]+/

/** Words that must follow each other. */
type Phrase = string[]

interface Term {
  phrases: Phrase[]
  kind: 'words' | 'quoted' | 'excluded' | 'or'
}

/**
 * Returns the text of a tsquery for what a person typed, valid whatever it is: quotes make a phrase, a leading hyphen
 * an exclusion, `or` between two terms an alternative, and the last word may be the beginning of one, unless it is
 * quoted or excluded. A text without any word gives an empty query, which finds nothing. Throws TooManyWordsError.
 */
export function toTsquery(text: string): string {
  const terms = termsOf(text)
  if ([...text].length >= MIN_REJECTED_LENGTH && countWords(text) > MAX_WORDS) {
    throw new TooManyWordsError(`more than ${MAX_WORDS} words`)
  }
  const last = terms.at(-1)
  return alternativesOf(terms)
    .map((group) => group.map((term) => render(term, term === last)).join(' & '))
    .join(' | ')
}

const termsOf = (text: string): Term[] =>
  [...text.normalize('NFKC').replace(TYPOGRAPHIC_QUOTES, '"').matchAll(TERM)]
    .map(([typed, hyphen, quoted]) =>
      quoted === undefined
        ? unquoted(typed)
        : {
            kind: hyphen ? ('excluded' as const) : ('quoted' as const),
            phrases: [foldedWords(quoted)]
          }
    )
    .map(({ kind, phrases }) => ({ kind, phrases: phrases.filter((words) => words.length > 0) }))
    .filter(({ phrases }) => phrases.length > 0)

/** Only a single hyphen excludes: more of them are a line, or the beginning of a command's option. */
function unquoted(typed: string): Term {
  if (/^-[^-]/.test(typed)) {
    return { kind: 'excluded', phrases: [foldedWords(typed)] }
  }
  return {
    kind: /^or$/i.test(typed) ? 'or' : 'words',
    phrases: typed.split(SEPARATORS).map(foldedWords)
  }
}

/** Splits at each `or` that is between two terms; any other is a word. */
function alternativesOf(terms: Term[]): Term[][] {
  const groups: Term[][] = [[]]
  for (const term of terms) {
    const group = groups.at(-1) as Term[]
    if (term.kind === 'or' && group.length > 0 && term !== terms.at(-1)) {
      groups.push([])
    } else {
      group.push(term)
    }
  }
  return groups
}

function render({ kind, phrases }: Term, isLast: boolean): string {
  const mark = isLast && (kind === 'words' || kind === 'or') ? ':*' : ''
  const rendered = phrases.map((words, i) => {
    const lexemes = words.map((word) => `'${word}'`).join(' <-> ')
    return `(${lexemes}${i === phrases.length - 1 ? mark : ''})`
  })
  return `${kind === 'excluded' ? '!' : ''}${rendered.join(' & ')}`
}
