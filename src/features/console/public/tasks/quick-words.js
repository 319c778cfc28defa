import { formatDue } from '../lib/time.js'
import { PRIORITIES } from './labels.js'

/** What stands between a word and the start of the text or the word before. */
const BEFORE = String.raw`(?<=^|\s)`
const PRIORITY = /(?<=^|\s)!(high|medium|low|h|m|l|[123])(?=\s|$)/gi
const PRIORITY_OF = { h: 'high', m: 'medium', l: 'low', 1: 'high', 2: 'medium', 3: 'low' }
const TAG = /(?<=^|\s)#(?:"([^"|\n]{1,50})"|([^\s#|"]{1,50}))/g
const NAMED = new RegExp(`${BEFORE}([@/])(?=\\S)`, 'g')
/** Words between quotes, and a word behind a backslash, are meant as they are. */
const LITERAL = /"[^"\n]*"|(?<=^|\s)\\\S+/g
const MAX_TAGS = 20
const LEADING = /(^|\s)(?:due|by|on|at|until|from|am|bis|um)\s+$/i

/**
 * Reads a title with words that say more: `!high`, `#tag`, `@person`, `/project` and a date. Returns the `title` that
 * remains and the `parts` that were understood, each with its `kind`, `source` and `label`, and the `fields` they mean.
 * `names` has for @ and / the names and what they stand for, `findDate` finds a date, and `isIgnored(part)` tells what
 * the user wants to be left in the title.
 */
export function readWords(text, { names, findDate = () => undefined, isIgnored = () => false }) {
  const found = [
    ...priorities(text),
    ...tags(text),
    ...named(text, names),
    ...dates(text, findDate)
  ].filter((part) => !isIgnored(part) && !isLiteral(text, part))
  const parts = withoutOverlaps(found)
  const title = titleOf(text, parts)
  return title === '' || parts.length === 0
    ? { title: unescaped(text), parts: [], fields: {} }
    : { title, parts, fields: fieldsOf(parts) }
}

const partOf = (kind, text, start, end, value, label) => ({
  kind,
  start,
  end,
  source: text.slice(start, end),
  value,
  label
})

function priorities(text) {
  return [...text.matchAll(PRIORITY)].map(({ 0: all, 1: word, index }) => {
    const priority = PRIORITY_OF[word.toLowerCase()] ?? word.toLowerCase()
    return partOf('priority', text, index, index + all.length, priority, PRIORITIES[priority])
  })
}

/** A number alone is that of something else, not a tag. */
function tags(text) {
  return [...text.matchAll(TAG)].flatMap(({ 0: all, 1: quoted, 2: word = '', index }) => {
    const tag = quoted?.trim() ?? word.replace(/[.,;:!?)]+$/, '')
    const end = index + (quoted ? all.length : 1 + tag.length)
    return tag === '' || /^\d+$/.test(tag) ? [] : [partOf('tag', text, index, end, tag, tag)]
  })
}

/** Names may have blanks: the longest that there is counts. */
function named(text, names) {
  return [...text.matchAll(NAMED)].flatMap(({ 1: sign, index }) => {
    const rest = text.slice(index + 1).toLowerCase()
    const known = names[sign]
      .filter(({ name }) => startsWithName(rest, name.toLowerCase()))
      .sort((a, b) => b.name.length - a.name.length)[0]
    const kind = sign === '@' ? 'assignee' : 'project'
    const end = index + 1 + (known?.name.length ?? 0)
    return known ? [partOf(kind, text, index, end, known.value, known.label)] : []
  })
}

const startsWithName = (text, name) =>
  name !== '' && text.startsWith(name) && !/^[\p{L}\p{N}_-]/u.test(text.slice(name.length))

/** Dates are looked for between the other words, not in them. */
function dates(text, findDate) {
  const masked = text
    .replace(LITERAL, blank)
    .replace(PRIORITY, blank)
    .replace(/(?<=^|\s)[#@/]\S+/g, blank)
  const date = findDate(masked)
  if (date === undefined) {
    return []
  }
  const before = masked.slice(0, date.start)
  const start = LEADING.exec(before)?.[0].trimStart().length ?? 0
  return [
    partOf('due', text, date.start - start, date.end, date.due_date, formatDue(date.due_date))
  ]
}

/** A mark that no date contains, so that nothing is read across it. */
const blank = (all) => '\u2063'.repeat(all.length)

/** Also a tag with quotes begins with its sign, before the quotes. */
function isLiteral(text, { start, end }) {
  return [...text.matchAll(LITERAL)].some(
    ({ 0: all, index }) => start >= index && end <= index + all.length
  )
}

/** Of each kind one counts, the last; of tags all. What is inside something else is a part of it. */
function withoutOverlaps(found) {
  const last = new Map(found.map((part) => [part.kind === 'tag' ? part : part.kind, part]))
  const kept = []
  for (const part of [...last.values()].sort((a, b) => a.start - b.start)) {
    const isInside = kept.some(({ end }) => part.start < end)
    const isTwice = kept.some(({ kind, value }) => kind === 'tag' && value === part.value)
    if (!isInside && !isTwice) {
      kept.push(part)
    }
  }
  const tagParts = kept.filter(({ kind }) => kind === 'tag').slice(0, MAX_TAGS)
  return kept.filter((part) => part.kind !== 'tag' || tagParts.includes(part))
}

function titleOf(text, parts) {
  let title = ''
  let at = 0
  for (const { start, end } of parts) {
    title += text.slice(at, start)
    at = end
  }
  return unescaped(title + text.slice(at))
    .replace(/\s+/g, ' ')
    .replace(/ ([,;:.!?])/g, '$1')
    .replace(/^[,;:]\s*|\s*[,;:]$/g, '')
    .trim()
}

/** Takes away the backslash that keeps a word as it is. */
const unescaped = (text) => text.replace(/(^|\s)\\(?=[!#@/\p{L}\p{N}])/gu, '$1').trim()

function fieldsOf(parts) {
  const oneOf = (kind) => parts.find((part) => part.kind === kind)?.value
  const tagValues = parts.filter(({ kind }) => kind === 'tag').map(({ value }) => value)
  return Object.fromEntries(
    Object.entries({
      priority: oneOf('priority'),
      due_date: oneOf('due'),
      assignee_id: oneOf('assignee'),
      project_id: oneOf('project'),
      tags: tagValues.length > 0 ? tagValues : undefined
    }).filter(([, value]) => value !== undefined)
  )
}
