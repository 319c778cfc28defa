import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { TSchema } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import type { Config } from '../../config.ts'
import { toOpenApi30 } from '../../lib/openapi-downgrade.ts'
import { sendWithEtag } from '../etag.ts'
import type { Tag } from '../feature.ts'
import { buildDocument, type Document, type RawDocument } from '../openapi/document.ts'
import { problemCodes } from '../schemas.ts'

export const VERSION: string = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
).version
const DOCUMENTATION_HOST = 'https://tasklane.example'

/** The page needs its own scripts, styles and calls, and pictures that it carries in itself. */
const DOCS_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

declare module 'fastify' {
  interface FastifyInstance {
    /** The contract as it is published; `servers` names `origin`, or the documentation host. */
    contract(origin?: string): Document
  }
}

/** The contract's frame: every named component, every operation, Swagger UI, and the document itself. Must be registered before the guard. */
export const openapi = fp(
  async (
    app,
    { config, tags, components }: { config: Config; tags: Tag[]; components: TSchema[] }
  ) => {
    for (const component of components) {
      app.addSchema(component)
    }

    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Tasklane',
          version: VERSION,
          description: 'A self-hosted task-management backend.',
          contact: { name: 'Tasklane', url: DOCUMENTATION_HOST, email: 'api@tasklane.example' },
          license: { name: 'MIT', url: 'https://opensource.org/license/mit' }
        },
        servers: [{ url: DOCUMENTATION_HOST, description: 'Your installation' }],
        tags,
        security: [{ bearerAuth: [] }],
        components: {
          securitySchemes: {
            bearerAuth: {
              type: 'http',
              scheme: 'bearer',
              bearerFormat: 'JWT',
              description:
                'The `access_token` of a token set, or an API key. Access tokens are JWTs that follow RFC8725: one algorithm, an explicit type, issuer and audience checked.'
            }
          }
        }
      },
      convertConstToEnum: false,
      refResolver: {
        buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `def-${i}`)
      },
      // What the document needs to know of a route travels beside its schema and is taken off again by the frame.
      transform: ({ schema, url, route }) => ({
        url,
        schema: {
          ...schema,
          hide: schema?.hide ?? !url.startsWith('/api/v1'),
          'x-allow': route.config?.allow,
          'x-scope': route.config?.scope,
          'x-problems':
            (schema?.response as Record<symbol, string[]> | undefined)?.[problemCodes] ?? []
        } as never
      })
    })

    let built: Document | undefined
    app.decorate('contract', (origin = DOCUMENTATION_HOST) => {
      built ??= buildDocument(app.swagger() as unknown as RawDocument)
      return { ...built, servers: [{ ...built.servers[0], url: origin }] } as Document
    })

    await app.register(published, { origin: config.PUBLIC_URL })
    if (config.DOCS_ENABLED) {
      await app.register(docs)
    }
  }
)

/**
 * The served documents, each made once; equal to the committed ones apart from `servers`. That names the configured origin or
 * else where we listen, never what a caller's Host says: the first caller would choose it for everybody.
 */
async function published(
  app: import('fastify').FastifyInstance,
  { origin }: { origin: string | undefined }
) {
  const publish = (url: string, told: (document: Document) => Document) => {
    let made: { text: string; etag: string } | undefined
    const make = () => {
      const text = documentText(told(app.contract(origin ?? listeningOrigin(app))))
      return { text, etag: `"${createHash('sha256').update(text).digest('base64url')}"` }
    }
    app.get(url, { schema: { hide: true } }, async (request, reply) => {
      made ??= make()
      reply.type('application/json; charset=utf-8')
      return sendWithEtag(request, reply, made.etag, made.text)
    })
  }
  publish('/openapi.json', (document) => document)
  publish('/openapi-3.0.json', toOpenApi30)
}

function listeningOrigin(app: import('fastify').FastifyInstance): string | undefined {
  return app.addresses().length > 0
    ? app.listeningOrigin.replace(/\/\/(0\.0\.0\.0|\[::\]):/, '//localhost:')
    : undefined
}

/** Keys in the order the frame gave them, two blanks, ASCII only: the same text on every machine. */
export function documentText(document: object): string {
  return `${JSON.stringify(document, null, 2).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`
}

/** Swagger UI, its assets from this server. Authorize takes username and password by a flow that the published document leaves out. */
async function docs(app: import('fastify').FastifyInstance) {
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: DOCS_CSP,
    theme: { title: 'Tasklane API' },
    // The plain layout: no bar that offers to explore other people's documents.
    uiConfig: {
      layout: 'BaseLayout',
      persistAuthorization: false,
      docExpansion: 'list',
      displayRequestDuration: true,
      tryItOutEnabled: true
    },
    transformSpecificationClone: false,
    transformSpecification: () => withPasswordFlow(app.contract('/'))
  })
}

function withPasswordFlow(document: Document): Document {
  const clone = structuredClone(document)
  const flow = {
    type: 'oauth2',
    description: 'Username (or email) and password; leave the client fields empty.',
    flows: { password: { tokenUrl: '/api/v1/auth/token', scopes: {} } }
  }
  clone.components.securitySchemes = { password: flow, ...clone.components.securitySchemes }
  clone.security = [{ password: [] }, ...clone.security]
  return clone
}
