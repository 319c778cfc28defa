import type { Deps } from '../../core/deps.ts'
import { noBody } from '../../http/plugins/head-requests.ts'
import { ref, responses, textFile } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import type { GivenCursor } from './cursor.ts'
import { Change, ChangeStreamQuery, ChangeTicket, LastEventId } from './schema.ts'
import { changeAsJson } from './serialize.ts'
import { createChangeReader } from './service.ts'
import { ChangeStreams } from './stream.ts'
import { drawTicket } from './tickets.ts'

const tags = ['Changes']
/** Longer than any stream lasts. */
const STREAM_MS = 86_400_000

const EXAMPLE = `retry: 2000\nid: AZqR4bT2\n\nid: AZqR4bT3\nevent: member.added\ndata: ${changeAsJson(
  Change.examples[0] as Change
)}\n\n`

const EventStream = textFile('text/event-stream')

const stream = {
  config: { allow: 'user', scope: 'changes:read', takesTicket: true },
  handlerTimeout: STREAM_MS,
  schema: {
    operationId: 'streamChanges',
    tags,
    summary: 'Follow changes live',
    description: md`
      Sends the same changes as \`listChanges\`, as Server-Sent Events, about a second after they happen:
      \`event\` is the type, \`data\` the change as JSON, and \`id\` the cursor behind it. A client that comes
      back with the last id as \`Last-Event-ID\`, which browsers do by themselves, or as \`cursor\`, misses
      nothing. Without either the stream begins with the present. A comment every 15 seconds shows that the
      stream is alive. It ends when the session ends or the API key is revoked, with the instance that serves
      it, after 12 hours, and when the client leaves unread what it was sent. You can have five at once on each
      server process; a further one is a 429. Browsers' EventSource sends no header: draw a ticket
      (\`createChangeTicket\`) and send it as \`ticket\`, a new one whenever the stream is opened anew.`,
    querystring: ChangeStreamQuery,
    headers: LastEventId,
    response: responses(
      { 200: EventStream('The changes, an event each.', EXAMPLE) },
      'not_found',
      'cursor_expired'
    )
  }
} as const

const draw = {
  config: { allow: 'user' },
  schema: {
    operationId: 'createChangeTicket',
    tags,
    summary: 'Draw a ticket for a stream',
    description: md`
      Returns a ticket with which a browser opens one stream within 30 seconds, in the name of this session. API keys
      need none: they send their header.`,
    response: responses({ 201: ref(ChangeTicket) })
  }
} as const

/** The feed of changes as it happens. */
export async function changeStreamRoutes(
  app: App,
  deps: Pick<Deps, 'db' | 'config' | 'secrets' | 'isShuttingDown' | 'metrics'>
) {
  const reader = createChangeReader(deps)
  const streams = new ChangeStreams({ ...deps, reader, log: app.log })
  deps.metrics?.watch('change_streams', 'Open streams of changes.', () => streams.count)
  app.addHook('preClose', () => streams.close())

  app.get('/stream', stream, async (request, reply) => {
    const { ctx, headers, query } = request
    const { cursor, ticket: _, ...filter } = query
    const given = cursorOf(headers['last-event-id'], cursor)
    const place = given
      ? reader.cursors.decode(ctx.caller, given, filter)
      : await reader.present(ctx, filter)
    const body = request.method === 'HEAD' ? noBody() : streams.open(ctx, place, filter)
    // Also when the connection is gone before anything is sent.
    reply.raw.once('close', () => body.destroy())
    reply
      .type('text/event-stream')
      .header('x-accel-buffering', 'no')
      // Nothing follows on the connection: left open, it would hold up the end of this process.
      .header('connection', 'close')
    return reply.send(body)
  })

  app.post('/tickets', draw, async ({ ctx }, reply) => {
    reply.code(201)
    return drawTicket(deps.db, ctx)
  })
}

/** Returns the cursor of a request, and where it has it. */
function cursorOf(
  lastEventId: string | undefined,
  cursor: string | undefined
): GivenCursor | undefined {
  if (lastEventId !== undefined) {
    return { cursor: lastEventId, in: 'header', pointer: '/Last-Event-ID' }
  }
  return cursor === undefined ? undefined : { cursor, in: 'query', pointer: '/cursor' }
}
