import type { Deps } from '../../core/deps.ts'
import type { EmailMessage } from '../../core/mail.ts'
import { Problem } from '../../core/problem.ts'
import { prefersHtml, sendPage, varyByAccept } from '../../http/html-page.ts'
import { isFromOwnMachine } from '../../http/own-machine.ts'
import type { App } from '../../http/server.ts'
import { html, linkify } from '../../lib/html.ts'

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
    async ({ headers }, reply) => {
      varyByAccept(reply.header('cache-control', 'no-store'))
      const data = mail.sentMessages()
      return prefersHtml(headers.accept)
        ? sendPage(reply, 'Emails', emailsPage(app.basePath, data))
        : { data }
    }
  )
}

/** Shows emails as text: their own markup has styles that the policy of the page does not allow. */
function emailsPage(basePath: string, emails: EmailMessage[]) {
  const articles = emails.map(
    ({ to, subject, text }) => html`<article>
<h2>${subject}</h2>
<p class="muted">To ${to}</p>
<pre>${linkify(text)}</pre>
</article>
`
  )
  return html`<h1>Emails</h1>
<p>In development, emails are kept here, the newest first; without SMTP_URL they are not sent.
<a href="${basePath}/dev/mails">Reload</a> to see new ones. Programs get them as JSON.</p>
${emails.length === 0 ? html`<p>There are none yet.</p>` : articles}`
}
