import type { Deps } from '../../core/deps.ts'
import { ref, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { ChangeListQuery, ChangePage, DEFAULT_PAGE } from './schema.ts'
import { pageAsJson } from './serialize.ts'
import { createChangeReader } from './service.ts'

const list = {
  config: { allow: 'user', scope: 'changes:read' },
  schema: {
    operationId: 'listChanges',
    tags: ['Changes'],
    summary: 'List what has changed',
    description: md`
      Returns the changes in the lists that you see, oldest first: your own tasks, those of your projects and those that
      are assigned to you, with comments, projects, members and your imports. Without a cursor the page is empty, and
      its \`next_cursor\` means from now on: take it before you list, then follow it, and you miss nothing. A page may
      be shorter than \`limit\`, even empty, while \`has_more\` is true. A cursor belongs to you and to the filters it
      was made with. One that is older than the feed goes back (30 days, unless the operator says otherwise) is a 410:
      list again, without a cursor. While \`has_more\` is true a cursor is as old as the last change before it.`,
    querystring: ChangeListQuery,
    response: responses({ 200: ref(ChangePage) }, 'not_found', 'cursor_expired')
  }
} as const

/** The feed of changes. */
export async function changeRoutes(app: App, deps: Pick<Deps, 'db' | 'config' | 'secrets'>) {
  const reader = createChangeReader(deps)

  app.get('/', list, async (request, reply) => {
    const { limit = DEFAULT_PAGE, cursor, ...filter } = request.query
    const page = await reader.readPage(request.ctx, { limit, cursor, filter })
    reply.type('application/json; charset=utf-8')
    // As text: the serializer of the route would try each kind of resource in turn.
    return reply.send(pageAsJson(page) as never)
  })
}
