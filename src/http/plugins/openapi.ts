import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import swagger, { type SwaggerOptions } from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { TSchema } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../../config.ts'
import { PLACEHOLDER_URL } from '../../core/problem.ts'
import { md } from '../../lib/md.ts'
import { toOpenApi30 } from '../../lib/openapi-downgrade.ts'
import { basePathOf } from '../base-path.ts'
import { sendWithEtag } from '../etag.ts'
import type { Tag, WebhookMessage } from '../feature.ts'
import { buildDocument, type Document, type RawDocument } from '../openapi/document.ts'
import { GUIDE } from '../openapi/guide.ts'
import { webhookItems } from '../openapi/webhooks.ts'
import { problemCodes } from '../schemas.ts'

export const VERSION: string = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
).version

/** Swagger UI needs its own scripts, styles and calls, and the images that it carries in itself. */
const DOCS_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'"
].join('; ')

declare module 'fastify' {
  interface FastifyInstance {
    /** The published contract; `servers` names `origin`, or a placeholder. */
    contract(origin?: string): Document
  }
}

export interface OpenapiOptions {
  config: Config
  tags: Tag[]
  components: TSchema[]
  webhooks: WebhookMessage[]
  /** Only operations below this path are part of the contract. */
  basePath: string
  /** Where the documentation page logs in with username and password. */
  tokenUrl: string
}

/**
 * Adds the named components, collects every operation that is registered afterwards, and serves the contract and
 * Swagger UI. Must be registered before the guard.
 */
export const openapi = fp(
  async (app, { config, tags, components, webhooks, basePath, tokenUrl }: OpenapiOptions) => {
    for (const component of components) {
      app.addSchema(component)
    }
    await app.register(swagger, swaggerOptions(tags, basePath))

    let built: Document | undefined
    app.decorate('contract', (origin = PLACEHOLDER_URL) => {
      built ??= buildDocument({
        ...(app.swagger() as unknown as RawDocument),
        ...(webhooks.length > 0 && { webhooks: webhookItems(webhooks) })
      })
      return { ...built, servers: [{ ...built.servers[0], url: origin }] }
    })

    await app.register(documents)
    if (config.DOCS_ENABLED) {
      await app.register(docs, { tokenUrl, base: basePathOf(config) })
    }
  }
)

const swaggerOptions = (tags: Tag[], basePath: string): SwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Tasklane',
      version: VERSION,
      description: GUIDE,
      // No address: whom to ask is who runs the installation, which the contract does not know.
      contact: { name: 'The Tasklane authors' },
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' }
    },
    servers: [{ url: PLACEHOLDER_URL, description: 'Your installation' }],
    tags,
    security: [{ bearerAuth: [] }],
    components: {
      securitySchemes: {
        bearerAuth: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: md`
            The \`access_token\` of a token set, or an API key. Access tokens are JWTs that follow
            RFC8725: one algorithm, an explicit type, issuer and audience checked.`
        }
      }
    }
  },
  convertConstToEnum: false,
  refResolver: {
    buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `def-${i}`)
  },
  // What `buildDocument` needs to know of a route travels beside its schema and is removed there.
  transform: ({ schema, url, route }) => ({
    url,
    schema: {
      ...schema,
      hide: schema?.hide ?? !url.startsWith(basePath),
      'x-allow': route.config?.allow,
      'x-scope': route.config?.scope,
      'x-problems': (schema?.response as Record<symbol, string[]> | undefined)?.[problemCodes] ?? []
    } as never
  })
})

/** Serves the documents, each built once; equal to the committed ones apart from `servers`: this installation. */
async function documents(app: FastifyInstance) {
  const serve = (url: string, convert: (document: Document) => Document) => {
    let cached: { text: string; etag: string } | undefined
    const build = () => {
      const text = documentText(convert(app.contract(app.publicUrl)))
      return { text, etag: `"${createHash('sha256').update(text).digest('base64url')}"` }
    }
    app.get(url, { schema: { hide: true } }, async (request, reply) => {
      cached ??= build()
      reply.type('application/json; charset=utf-8')
      return sendWithEtag(request, reply, cached.etag, cached.text)
    })
  }
  serve('/openapi.json', (document) => document)
  serve('/openapi-3.0.json', toOpenApi30)
}

/** Writes a document in the order of its keys, indented by two, ASCII only: the same text on every machine. */
export function documentText(document: object): string {
  const text = JSON.stringify(document, null, 2)
  return `${text.replace(/[\u007f-\uffff]/g, (char) => `\\u${codeUnit(char)}`)}\n`
}

const codeUnit = (char: string): string => char.charCodeAt(0).toString(16).padStart(4, '0')

/** Without it, telephones show the page as wide as on a desk, and as small. */
const VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'

const readPart = (name: string): string =>
  readFileSync(new URL(`../openapi/${name}`, import.meta.url), 'utf8')

/** Serves Swagger UI with its own assets. It logs in by a flow that the published document leaves out. */
async function docs(app: FastifyInstance, { tokenUrl, base }: { tokenUrl: string; base: string }) {
  app.addHook('onSend', async (_request, reply, payload) =>
    typeof payload === 'string' && String(reply.getHeader('content-type')).startsWith('text/html')
      ? payload.replace('<meta charset="UTF-8">', `$&${VIEWPORT}`)
      : payload
  )
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    indexPrefix: base,
    staticCSP: DOCS_CSP,
    theme: {
      title: 'Tasklane API',
      css: [{ filename: 'page.css', content: readPart('docs-page.css') }],
      js: [{ filename: 'page.js', content: readPart('docs-page.js') }]
    },
    // The plain layout: no bar that offers to explore other documents.
    uiConfig: {
      layout: 'BaseLayout',
      persistAuthorization: false,
      docExpansion: 'list',
      displayRequestDuration: true,
      tryItOutEnabled: true
    },
    transformSpecificationClone: false,
    transformSpecification: () => withPasswordFlow(app.contract(base || '/'), tokenUrl)
  })
}

function withPasswordFlow(document: Document, tokenUrl: string): Document {
  const clone = structuredClone(document)
  const flow = {
    type: 'oauth2',
    description: 'Log in with username (or email) and password.',
    flows: { password: { tokenUrl, scopes: {} } }
  }
  clone.components.securitySchemes = { password: flow, ...clone.components.securitySchemes }
  clone.security = [{ password: [] }, ...clone.security]
  return clone
}
