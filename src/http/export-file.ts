import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { unavailable } from '../core/problem.ts'
import { createPerKeyLimit } from '../lib/per-key-limit.ts'
import { dateOf } from '../lib/timestamp.ts'
import { noBody } from './plugins/head-requests.ts'

/** Enough for a million tasks over a slow connection; after that the transfer is aborted. */
export const EXPORT_MS = 3_600_000
/** Files of all kinds in one process at a time; a slow reader holds one chunk, never a connection. */
const MAX_RUNNING = 40
/** Only the first file of a user who has used little database time of late may take the others. */
const MAX_RUNNING_OF_MOST = 20
const takeFirst = createPerKeyLimit(1)
let running = 0

interface ExportFile {
  type: string
  /** The name that the client is told, for the day of the request. */
  name: (today: string) => string
  /** Opens the file; whatever is wrong before its first chunk is thrown. */
  open: () => Promise<Readable>
}

/**
 * Sends a file that is made while the client reads it, within the bounds of the user and of the process. HEAD is asked
 * as often as a client likes: it has no file, which would be read for nobody.
 */
export async function sendExport(
  request: FastifyRequest,
  reply: FastifyReply,
  { type, name, open }: ExportFile
): Promise<FastifyReply> {
  const file = request.method === 'HEAD' ? noBody() : await openInPlace(request, open)
  // Also when the connection is gone before the file is sent.
  reply.raw.once('close', () => file.destroy())
  reply
    .type(type)
    .header(
      'content-disposition',
      `attachment; filename="${name(dateOf(new Date().toISOString()))}"`
    )
  return reply.send(file)
}

/** Opens a file that gives its places back when it is closed. */
async function openInPlace(
  { server, ctx }: FastifyRequest,
  open: ExportFile['open']
): Promise<Readable> {
  const leaveUser = server.takePlace('exports', ctx.caller)
  const endFirst = takeFirst(ctx.caller.id)
  const isFirst = endFirst !== undefined && !server.isHeavyReader(ctx.caller)
  const hasRoom = running < (isFirst ? MAX_RUNNING : MAX_RUNNING_OF_MOST)
  running++
  const leave = () => {
    leaveUser()
    endFirst?.()
    running--
  }
  try {
    if (!hasRoom) {
      throw unavailable('Too many exports are in progress. Try again in a few seconds.', 5)
    }
    return (await open()).once('close', leave)
  } catch (error) {
    leave()
    throw error
  }
}
