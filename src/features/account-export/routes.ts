import type { Deps } from '../../core/deps.ts'
import { EXPORT_MS, sendExport } from '../../http/export-file.ts'
import { JSON_LINES, JsonLinesFile, responses } from '../../http/schemas.ts'
import type { App } from '../../http/server.ts'
import { md } from '../../lib/md.ts'
import { User } from '../identity/schema.ts'
import { Project } from '../projects/schema.ts'
import { Task } from '../tasks/schema.ts'
import { exportAccount, lineOf } from './service.ts'

const EXAMPLE = [
  lineOf('account', User.examples[0] as object),
  lineOf('project', Project.examples[0] as object),
  lineOf('task', Task.examples[0] as object)
].join('')

const exportMe = {
  config: { allow: 'user', allowUnverified: true },
  handlerTimeout: EXPORT_MS,
  schema: {
    operationId: 'exportMe',
    tags: ['Users'],
    summary: 'Export your account',
    description: md`
      Streams everything that is yours as JSON lines, each \`{"type": …, "data": …}\`: \`export\` (the form of the
      file), \`account\` (your profile), every \`project\` that you own with each \`project_member\`, every
      \`project_membership\` in projects of others, \`invitation_sent\` and \`invitation_received\`, every
      \`task\` of your list and your projects with those in the trash, every \`task_comment\` on them, and every
      \`task_event\` of their history.
      Importing the file creates projects, tasks and comments again, with their ids and times, where they are missing.
      More types may come. A transfer that is aborted ends without its last chunk. A
      user can have two exports in progress at once; a further one is a 429. API keys cannot call it.`,
    response: responses({ 200: JsonLinesFile('The account, a record on each line.', EXAMPLE) })
  }
} as const

/** The caller's own account as a file. */
export async function accountExportRoutes(app: App, { db }: Pick<Deps, 'db'>) {
  app.get('/export', exportMe, (request, reply) =>
    sendExport(request, reply, {
      type: JSON_LINES,
      name: (today) => `tasklane-${today}.jsonl`,
      open: () => exportAccount(db, request.ctx, app.paced)
    })
  )
}
