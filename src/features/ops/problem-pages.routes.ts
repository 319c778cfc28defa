import { Type } from '@sinclair/typebox'
import {
  catalogue,
  Problem,
  type ProblemCode,
  problemBody,
  problemType
} from '../../core/problem.ts'
import { problemAdvice } from '../../core/problem-advice.ts'
import { API_PREFIX } from '../../http/api-path.ts'
import { sendPage } from '../../http/html-page.ts'
import type { App } from '../../http/server.ts'
import { html } from '../../lib/html.ts'

/** Who is banned can read what a ban is. */
const config = { allow: 'anyone', ignoresAutomaticBans: true } as const
const ProblemParams = Type.Object(
  { code: Type.String({ maxLength: 64 }) },
  { additionalProperties: false }
)
const codes = Object.keys(catalogue) as ProblemCode[]
const CACHED = 'public, max-age=3600'

/** Adds the pages that the `type` of problems leads to: one for each code, and a list of them. */
export async function problemPageRoutes(app: App) {
  app.get('/', { config, schema: { hide: true } }, async (_request, reply) =>
    sendPage(reply.header('cache-control', CACHED), 'Problems', indexPage(app))
  )
  app.get(
    '/:code',
    { config, schema: { hide: true, params: ProblemParams } },
    async ({ params }, reply) => {
      const code = codes.find((it) => [it, hyphenated(it)].includes(params.code))
      if (code === undefined) {
        throw new Problem('not_found')
      }
      return sendPage(reply.header('cache-control', CACHED), catalogue[code][1], pageOf(code, app))
    }
  )
}

const hyphenated = (code: ProblemCode): string => code.replaceAll('_', '-')

function indexPage({ basePath }: App) {
  const entries = codes.map(
    (code) => html`<li><a href="${basePath}/problems/${hyphenated(code)}">${catalogue[code][1]}</a>
<span class="muted">${catalogue[code][0]}</span> <code>${code}</code></li>
`
  )
  return html`<h1>Problems</h1>
<p>Every response with a status of 400 or above is one of these (RFC 9457). Programs compare its <code>code</code>.</p>
<ul>
${entries}</ul>`
}

function pageOf(code: ProblemCode, { basePath, publicUrl }: App) {
  const [status, title] = catalogue[code]
  const example = problemBody(new Problem(code), `${API_PREFIX}/…`, '…', publicUrl)
  return html`<p><a href="${basePath}/problems">All problems</a></p>
<h1>${title}</h1>
<p>${problemAdvice[code]}</p>
<dl>
<dt>Status</dt><dd>${status}</dd>
<dt>Code</dt><dd><code>${code}</code></dd>
<dt>Type</dt><dd><code>${problemType(code, publicUrl)}</code></dd>
</dl>
<h2>Response</h2>
<pre>${JSON.stringify(example, null, 2)}</pre>
<p>The <code>request_id</code> of a response is in its header <code>X-Request-Id</code> and in the log of the
server.</p>`
}
