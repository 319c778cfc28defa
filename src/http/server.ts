import { createServer } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  fastify,
  LogController,
  type RawServerDefault
} from 'fastify'
import { v7 as uuidv7 } from 'uuid'
import type { Config } from '../config.ts'
import { splitList } from '../lib/config-formats.ts'
import { randomBytes16 } from '../lib/random.ts'
import { logResponse } from './plugins/request-log.ts'
import { commonHeaders } from './plugins/security-headers.ts'
import { limitRequestTime, REQUEST_TIMEOUT_MS, uploadTimeoutMs } from './request-timeout.ts'
import { buildSerializer } from './serialization.ts'
import { socketErrorHandlers } from './socket-errors.ts'
import { buildValidator, schemaErrorFormatter } from './validation.ts'

export type App = FastifyInstance<
  RawServerDefault,
  import('node:http').IncomingMessage,
  import('node:http').ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

export const MAX_BODY_BYTES = 1_048_576
const MAX_HEADER_BYTES = 16_384
/** Longer than any id; longer segments name nothing. */
const MAX_PARAM_LENGTH = 200

/** Waits, chosen on purpose: a slow client costs a socket and nothing else. Fastify's own default for requests is none. */
const HEADERS_MS = 10_000
const CONNECTION_MS = 60_000
/** Above what load balancers keep (60 s), so that they close first. */
const KEEP_ALIVE_MS = 72_000
const HANDLER_MS = 10_000
/** Fastify counts from the first header on, and who sends a body may take their time for it: for that there is a 408. */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

const CALLER_REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/

/** Fastify with every option that is not a plugin's, in one place. */
export function createApp(config: Config, logger: FastifyBaseLogger): App {
  const trusted = splitList(config.TRUST_PROXY)
  const { frameworkErrors, clientErrorHandler, refuseConnect } = socketErrorHandlers(
    commonHeaders(config)
  )
  const app = fastify({
    loggerInstance: logger,
    // One line for each answer, written by plugins/request-log.ts under the name callers know.
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'request_id'
    }),
    trustProxy: trusted.length > 0 ? trusted : false,
    serverFactory: (handler) => {
      // Node answers a missing Host and an unknown Expect with bare texts; both are ours to answer (plugins/request.ts).
      const server = createServer(
        {
          requireHostHeader: false,
          maxHeaderSize: MAX_HEADER_BYTES,
          headersTimeout: HEADERS_MS,
          requestTimeout: uploadTimeoutMs(config.IMPORT_MAX_BYTES),
          keepAliveTimeout: KEEP_ALIVE_MS,
          connectionsCheckingInterval: 2000
        },
        handler
      )
      server.setTimeout(CONNECTION_MS)
      server.on('checkExpectation', handler)
      server.on('connect', refuseConnect)
      return server
    },
    handlerTimeout: HANDLER_MS,
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    requestIdHeader: false,
    genReqId: (raw) => {
      const wanted = raw.headers['x-request-id']
      return typeof wanted === 'string' && CALLER_REQUEST_ID.test(wanted)
        ? wanted
        : uuidv7({ rng: randomBytes16 })
    },
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    schemaController: {
      compilersFactory: { buildValidator: buildValidator as never, buildSerializer }
    },
    schemaErrorFormatter,
    frameworkErrors: ((error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      frameworkErrors(error, request, reply)
      logResponse(request, reply)
    }) as NonNullable<FastifyServerOptions['frameworkErrors']>,
    clientErrorHandler
  } as FastifyServerOptions) as unknown as App
  limitRequestTime(app as unknown as FastifyInstance)
  app.addHook('onRoute', (route) => {
    if ([route.method].flat().some((method) => WITH_BODY.has(method))) {
      route.handlerTimeout ??= REQUEST_TIMEOUT_MS + HANDLER_MS
    }
  })
  return app
}
