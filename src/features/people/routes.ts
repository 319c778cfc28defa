import type { Deps } from '../../core/deps.ts'
import { deriveKeys } from '../../core/secrets.ts'
import { DEFAULT_LIMIT } from '../../http/pagination.schema.ts'
import { addLinkHeader, cursors } from '../../http/pagination.ts'
import { ref, responses } from '../../http/schemas.ts'
import { assertScope } from '../../http/scope.ts'
import type { App } from '../../http/server.ts'
import { foldLetters } from '../../lib/fold.ts'
import { md } from '../../lib/md.ts'
import type { PeoplePosition } from './queries.ts'
import { MAX_IDS, PeopleQuery, PersonPage } from './schema.ts'
import { findPeople, type People, visibility, visibleProject } from './service.ts'

export type PeopleRouteDeps = Pick<Deps, 'db' | 'config' | 'secrets'>

const canonicalIds = (ids: string[] | undefined): string[] | undefined =>
  ids && [...new Set(ids.map((id) => id.toLowerCase()))].sort()

const NOBODY: People = { rows: [], next: undefined }

const list = {
  config: { allow: 'user', scope: 'people:read' },
  schema: {
    operationId: 'listPeople',
    tags: ['People'],
    summary: 'Find people',
    description: md`Returns the people whom you can assign tasks to or meet in them, by name: yourself, those with whom
                    you share a project, everybody whose task is assigned to you or to whom a task of yours is assigned,
                    and who invited you or was invited by you. Managers and admins find everybody, and so do all where
                    \`DIRECTORY\` is \`all\`. Who is not visible to you is absent, like an id that does not exist. A
                    page may end early, with \`has_more\`, where few of many accounts are visible to you.`,
    querystring: PeopleQuery,
    response: responses({ 200: ref(PersonPage) })
  }
} as const

/** People as others see them. */
export async function peopleRoutes(app: App, deps: PeopleRouteDeps) {
  const { encode, decode } = cursors(deriveKeys(deps.secrets, 'cursor'), { isSecret: true })

  app.get('/', list, async (request, reply) => {
    const { caller, query } = request
    const { q, cursor, limit = query.id === undefined ? DEFAULT_LIMIT : MAX_IDS } = query
    const ids = canonicalIds(query.id)
    const project_id = query.project_id?.toLowerCase()
    if (query.task_id !== undefined) {
      assertScope(caller, 'tasks:read')
    }
    const taskIds = canonicalIds(query.task_id)
    const binding = JSON.stringify([
      'people',
      caller.id,
      q && foldLetters(q.trim()),
      ids,
      project_id,
      taskIds
    ])
    const after = cursor === undefined ? undefined : toPosition(decode(binding, cursor))
    const project = project_id && (await visibleProject(deps, caller, project_id))
    const filter = {
      ...(await visibility(deps, caller, taskIds)),
      q,
      ids,
      ...(project && { project })
    }
    const { rows, next } =
      project_id !== undefined && !project
        ? NOBODY
        : await findPeople(deps, filter, { after, limit })
    const next_cursor = next === undefined ? null : encode(binding, fromPosition(next))
    return addLinkHeader(request, reply, {
      data: rows.map(({ id, display_name, username }) => ({ id, display_name, username })),
      pagination: {
        limit,
        next_cursor,
        has_more: next_cursor !== null,
        total_returned: rows.length
      }
    })
  })
}

const fromPosition = ({ key, id }: PeoplePosition): string[] => [id, key]
const toPosition = ([id = '', key = '']: string[]): PeoplePosition => ({ id, key })
