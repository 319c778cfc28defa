import { sectionsOf } from './group-queries.js'
import { loadSections } from './sections.js'
import { filterQuery, groupingOf, sortOf, statusQuery } from './task-query.js'

const PAGE_SIZE = 50

/**
 * Says how to read a list by `loadTasks`: `load` reads a page, and `by` says how its rows are grouped. Where no order
 * of the server keeps groups together, they are lists of their own, read one behind the other.
 */
export function listPlan(filters, options, loadTasks) {
  const sort = sortOf(filters, options)
  const query = {
    ...filterQuery(filters, options),
    ...statusQuery(filters),
    sort,
    limit: PAGE_SIZE
  }
  const grouping = groupingOf(filters, options)
  const by = grouping && { grouping, isDescending: sort === 'due_date_desc' && grouping === 'day' }
  const loadOne = (cursor, signal, quietly) => loadTasks({ ...query, cursor }, signal, quietly)
  if (grouping === undefined || grouping === 'day') {
    return { grouping, by, load: loadOne }
  }
  let sections
  const plan = {
    grouping,
    load: async (cursor, signal, quietly) => {
      if (cursor === undefined) {
        sections = await sectionsOf(grouping, query, options)
        plan.by = { ...by, order: sections.map(({ key }) => key) }
      }
      return loadSections(sections, cursor, (section, inside) =>
        loadTasks({ ...section.query, cursor: inside }, signal, quietly)
      )
    }
  }
  return plan
}
