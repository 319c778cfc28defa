import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import { Html, html } from '../lib/html.ts'

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 46rem; overflow-wrap: break-word;
  background: light-dark(#f6f6f3, #131518); color: light-dark(#1b1f24, #e9ebee); }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p, dl, ul { margin: 0 0 1rem; }
ul { padding-left: 1.25rem; }
a { color: light-dark(#2855c5, #9bb8ff); }
a, code, pre { overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, monospace; font-size: .875rem; }
dt, .muted { color: light-dark(#585f69, #a3abb6); }
dd { margin: 0 0 .5rem; }
pre, article { margin: 0 0 1rem; padding: 1rem; border: 1px solid light-dark(#e4e4de, #2b3038); border-radius: 10px;
  background: light-dark(#ffffff, #1b1e23); white-space: pre-wrap; }
article { white-space: normal; }
article h2 { margin-top: 0; }
article pre { padding: 0; border: 0; margin: 0; }
`
const CSP = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join('; ')

/** Sends a page for people: it needs neither scripts nor any other file. */
export function sendPage(reply: FastifyReply, title: string, content: Html): FastifyReply {
  reply.header('content-security-policy', CSP).type('text/html; charset=utf-8')
  return reply.send(
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Tasklane</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`.markup
  )
}

/** Quality of a media type in Accept; 0 for one that it does not name. */
function qualityOf(type: string, accept: string): number {
  const entry = accept
    .split(',')
    .map((part) => part.split(';').map((piece) => piece.trim().toLowerCase()))
    .find(([name]) => name === type)
  const quality = entry?.find((piece) => piece.startsWith('q='))?.slice(2)
  return entry ? Number(quality ?? 1) || 0 : 0
}

/** True for a browser: whoever names text/html in Accept, and does not prefer JSON. */
export function prefersHtml(accept = ''): boolean {
  const wanted = qualityOf('text/html', accept)
  return wanted > 0 && wanted >= qualityOf('application/json', accept)
}

/** Says that the response depends on Accept, besides what it depends on already. */
export const varyByAccept = (reply: FastifyReply): FastifyReply =>
  reply.header('vary', [reply.getHeader('vary'), 'accept'].flat().filter(Boolean).join(', '))
