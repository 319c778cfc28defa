import { invalidField, type Problem } from '../../core/problem.ts'
import { SORTS_OF_ALL } from '../../db/tables/tasks.ts'
import type { TaskFilterQuery, TaskSort } from './list.schema.ts'

/** Tells whether a list is in its manual order. */
export const isByPosition = (sort: TaskSort): boolean => sort.startsWith('position_')

/** Rejects an order that no index has: everybody's tasks are sorted by times only, by position those of one list. */
export function assertSortable(sort: TaskSort, filter: TaskFilterQuery): void {
  const { scope, owner_id, project_id, personal } = filter
  const isOfAll = scope === 'all' && owner_id === undefined && project_id === undefined
  if (isByPosition(sort)) {
    const projects = new Set(project_id?.map((id) => id.toLowerCase()))
    const isOneList = projects.size === 1 || (projects.size === 0 && personal === true)
    if (isOfAll || !isOneList) {
      throw notSortable(
        'Tasks have positions within one list: add one project_id, or personal=true' +
          (isOfAll ? ' and an owner_id.' : '.')
      )
    }
  } else if (isOfAll && !SORTS_OF_ALL.has(sort.replace(/_(asc|desc)$/, ''))) {
    throw notSortable(
      `Everybody's tasks are sorted by ${[...SORTS_OF_ALL].join(', ')}; name an owner_id to sort by more.`
    )
  }
}

const notSortable = (detail: string): Problem =>
  invalidField('query', '/sort', 'not_sortable', detail)
