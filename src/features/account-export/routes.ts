import type { FastifyRequest } from 'fastify'
import type { Deps } from '../../core/deps.ts'
import { noBody } from '../../http/plugins/head-requests.ts'
import { JSON_LINES, JsonLinesFile, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { User } from '../identity/schema.ts'
import { Task } from '../tasks/schema.ts'
import { exportAccount, lineOf } from './service.ts'

/** Enough for a million tasks over a slow connection; after that the transfer is aborted. */
const EXPORT_MS = 3_600_000

const EXAMPLE =
  lineOf('account', User.examples[0] as object) + lineOf('task', Task.examples[0] as object)

const exportMe = {
  config: { allow: 'user', allowUnverified: true },
  handlerTimeout: EXPORT_MS,
  schema: {
    operationId: 'exportMe',
    tags: ['Users'],
    summary: 'Export your account',
    description: md`
      Streams everything that is yours as JSON lines, each \`{"type": …, "data": …}\`: \`export\` (the form of the
      file), \`account\` (your profile), every \`task\` with those in the trash, and every \`task_event\` of their
      history. Importing the file creates the tasks again, with their ids and times, where they are missing. More types
      may come. A transfer that is aborted ends without its last chunk. A user can have two exports in progress at
      once; a further one is a 429. API keys cannot call it.`,
    response: responses({ 200: JsonLinesFile('The account, a record on each line.', EXAMPLE) })
  }
} as const

/** The caller's own account as a file. */
export async function accountExportRoutes(app: App, { db }: Pick<Deps, 'db'>) {
  /** HEAD is asked as often as a client likes: it has no file, which would be read for nobody. */
  const openFile = async ({ method, ctx }: FastifyRequest) => {
    if (method === 'HEAD') {
      return noBody()
    }
    const giveBack = app.takePlace('exports', ctx.caller)
    try {
      return (await exportAccount(db, ctx, app.paced)).once('close', giveBack)
    } catch (error) {
      giveBack()
      throw error
    }
  }

  app.get('/export', exportMe, async (request, reply) => {
    const file = await openFile(request)
    const today = new Date().toISOString().slice(0, 10)
    // Also when the connection is gone before the file is sent.
    reply.raw.once('close', () => file.destroy())
    reply
      .type(JSON_LINES)
      .header('content-disposition', `attachment; filename="tasklane-${today}.jsonl"`)
    return reply.send(file)
  })
}
