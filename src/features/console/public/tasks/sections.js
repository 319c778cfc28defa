/** Lists that are read for one page at most, of which many may be empty, and how many rows make a page. */
const MAX_CALLS = 6
const ENOUGH = 25

/**
 * Reads lists one behind the other as if they were one: `load(section, cursor)` reads a page of one of `sections`,
 * which have a `key`. A cursor says in which list it is, and where.
 */
export async function loadSections(sections, cursor, load) {
  let [key, inside] = cursor ?? [sections[0]?.key]
  const data = []
  for (let calls = 0; calls < MAX_CALLS && key !== undefined && data.length < ENOUGH; calls++) {
    const at = sections.findIndex((section) => section.key === key)
    const page = await load(sections[at], inside)
    data.push(...page.data)
    inside = page.pagination.next_cursor ?? undefined
    key = inside === undefined ? sections[at + 1]?.key : key
  }
  const hasMore = key !== undefined
  return { data, pagination: { has_more: hasMore, next_cursor: hasMore ? [key, inside] : null } }
}
