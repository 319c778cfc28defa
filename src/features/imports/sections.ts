import { MAX_TAG, MAX_TAGS, TagsInput } from '../tasks/fields.schema.ts'
import { type Cells, cellText } from './csv-reader.ts'
import { printable } from './problems.ts'
import type { Reading } from './reading.ts'
import { type Draft, splitTags } from './sources/source.ts'

/** What programs call the place of tasks that are in no section. */
const NO_SECTION = /^\(?(untitled section|no section|not sectioned)\)?$/i
const VALID_TAG = new RegExp(TagsInput.items.pattern ?? '', 'u')

/** Takes notice of the section that a row is in, or that it opens. */
export function noteSection(cells: Cells, reading: Reading): void {
  const { source, columns } = reading.layout
  const isRead = source.section === undefined || columns.some(({ extra }) => extra === 'tags')
  if (source.sectionOf && isRead) {
    const read = (key: string) => cellText(cells[columns.findIndex((each) => each.key === key)])
    reading.section = source.sectionOf(read, reading.section)
  }
}

/** Adds the section of a row to its tags. What no tag can be, or has no room, is left out and told. */
export function withSection(draft: Draft, { section, warn }: Reading): Draft {
  const tag = tagOf(section, warn)
  if (tag === '') {
    return draft
  }
  const said = draft.tags ?? []
  const tags = new Set(typeof said === 'string' ? splitTags(said, /\|/) : said)
  if (tags.has(tag)) {
    return draft
  }
  if (!VALID_TAG.test(tag) || tags.size >= MAX_TAGS) {
    warn(
      'sections_not_kept',
      `Sections are not kept where their names cannot be tags, or the task has ${MAX_TAGS} already.`
    )
    return draft
  }
  return { ...draft, tags: [...tags, tag] }
}

/** Returns the name of a section as a tag, by the rules of labels; empty for none. */
function tagOf(section: string, warn: Reading['warn']): string {
  const [name = ''] = splitTags(printable(section, section.length), /$^/)
  if (NO_SECTION.test(name)) {
    return ''
  }
  const characters = [...name]
  if (characters.length > MAX_TAG) {
    warn('sections_cut', `Names of sections are cut to ${MAX_TAG} characters, as tags have.`)
  }
  return characters.slice(0, MAX_TAG).join('').trim()
}
