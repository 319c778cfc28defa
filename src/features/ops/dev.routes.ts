import type { Deps } from '../../core/deps.ts'
import { Problem } from '../../core/problem.ts'
import { isFromOwnMachine } from '../../http/own-machine.ts'
import type { App } from '../../http/server.ts'

/**
 * Adds what only developers need. Emails contain everybody's codes, so no other machine sees them, whatever HOST and
 * ALLOW_PUBLIC_DEVELOPMENT say.
 */
export async function devRoutes(app: App, { mail }: Pick<Deps, 'mail'>) {
  app.addHook('onRequest', async (request) => {
    if (!isFromOwnMachine(request)) {
      throw new Problem('not_found', {
        detail:
          'This is shown to the machine that the server runs on only, under the name localhost. ' +
          'In a container, read the emails in its log.'
      })
    }
  })
  app.get(
    '/mails',
    { config: { allow: 'anyone' }, schema: { hide: true } },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      return { data: mail.sentMessages() }
    }
  )
}
