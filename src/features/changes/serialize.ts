import type { ResourceType } from '../../core/change-feed.ts'
import { componentSerializer } from '../../http/component-serializer.ts'
import { FieldErrorBody, ProblemBody } from '../../http/problem.schema.ts'
import { schemas as commentSchemas, TaskComment } from '../comments/schema.ts'
import { schemas as importSchemas, TaskImport } from '../imports/schema.ts'
import { Project, ProjectMember, schemas as projectSchemas } from '../projects/schema.ts'
import { Task, schemas as taskSchemas } from '../tasks/schema.ts'
import type { Change } from './schema.ts'

const serializers: Record<ResourceType, (resource: unknown) => string> = {
  task: componentSerializer(Task, taskSchemas),
  comment: componentSerializer(TaskComment, commentSchemas),
  project: componentSerializer(Project, projectSchemas),
  member: componentSerializer(ProjectMember, projectSchemas),
  import: componentSerializer(TaskImport, [...importSchemas, ProblemBody, FieldErrorBody])
}

/**
 * Writes a change as JSON, its resource as everywhere else. The serializer of a route would try each kind of resource
 * in turn.
 */
export function changeAsJson({ data, ...change }: Change): string {
  const resource = data === null ? 'null' : serializers[change.resource.type](data)
  return `${JSON.stringify(change).slice(0, -1)},"data":${resource}}`
}

/** Writes a page of changes that are JSON already. */
export const pageAsJson = (page: {
  changes: { json: string }[]
  next_cursor: string
  has_more: boolean
}): string => {
  const { changes, next_cursor, has_more } = page
  const pagination = JSON.stringify({ next_cursor, has_more })
  return `{"data":[${changes.map(({ json }) => json).join()}],"pagination":${pagination}}`
}
