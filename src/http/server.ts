import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse
} from 'node:http'
import type { Duplex } from 'node:stream'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyServerOptions,
  fastify,
  LogController,
  type RawServerDefault
} from 'fastify'
import type { Config } from '../config.ts'
import { splitList } from '../lib/config-formats.ts'
import { newId } from '../lib/uuid.ts'
import { basePathOf, withoutBasePath } from './base-path.ts'
import { limitHandlerTime } from './handler-timeout.ts'
import { logResponse } from './plugins/request-log.ts'
import { commonHeaders } from './plugins/security-headers.ts'
import { limitRequestTime, uploadTimeoutMs } from './request-timeout.ts'
import { buildSerializer } from './serialization.ts'
import { socketErrorHandlers } from './socket-errors.ts'
import { createValidatorBuilder, schemaErrorFormatter } from './validation.ts'

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** For a body with one resource: a description of ten thousand escaped characters fits. Routes may say otherwise. */
const MAX_BODY_BYTES = 131_072
const MAX_HEADER_BYTES = 16_384
/** Longer than any id: no path has a longer segment. */
const MAX_PARAM_LENGTH = 200

/** Time-outs: a slow client costs a socket and nothing else. Fastify's default for requests is none. */
const HEADERS_MS = 10_000
const CONNECTION_MS = 60_000
/** Above the idle time-out of load balancers (60 s), so that they close first. */
const KEEP_ALIVE_MS = 72_000

const CALLER_REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/

/** Creates Fastify with every option that is not a plugin's. */
export function createApp(config: Config, logger: FastifyBaseLogger): App {
  const app: App = fastify(serverOptions(config, logger, () => app.publicUrl))
  limitRequestTime(app)
  limitHandlerTime(app)
  return app
}

function serverOptions(
  config: Config,
  logger: FastifyBaseLogger,
  publicUrl: () => string
): FastifyServerOptions {
  const trusted = splitList(config.TRUST_PROXY)
  const handlers = socketErrorHandlers(commonHeaders(config), publicUrl)
  const basePath = basePathOf(config)
  return {
    loggerInstance: logger,
    // One line for each request, written by plugins/request-log.ts under the operation's name.
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'request_id'
    }),
    trustProxy: trusted.length > 0 ? trusted : false,
    serverFactory: (handler) => createHttpServer(handler, config, handlers.refuseConnect),
    bodyLimit: MAX_BODY_BYTES,
    ...(basePath !== '' && {
      rewriteUrl: ({ url = '/' }: { url?: string }) => withoutBasePath(url, basePath)
    }),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    requestIdHeader: false,
    genReqId: (raw) => {
      const wanted = raw.headers['x-request-id']
      return typeof wanted === 'string' && CALLER_REQUEST_ID.test(wanted) ? wanted : newId()
    },
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    schemaController: {
      compilersFactory: {
        buildValidator: createValidatorBuilder() as never,
        buildSerializer: buildSerializer as never
      }
    },
    schemaErrorFormatter,
    frameworkErrors: (error, request, reply) => {
      handlers.frameworkErrors(error, request, reply)
      logResponse(request, reply)
    },
    clientErrorHandler: handlers.clientErrorHandler
  }
}

function createHttpServer(
  handler: RequestListener,
  config: Config,
  refuseConnect: (request: unknown, socket: Duplex) => void
): Server {
  // Node responds to a missing Host and an unknown Expect without a body; plugins/request-checks.ts does it instead.
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
  server.maxConnections = config.MAX_CONNECTIONS
  // In a cluster the other processes would be asked in turn, for ever when none has room. Its type is not known yet.
  Object.assign(server, { dropMaxConnection: true })
  server.on('checkExpectation', handler)
  server.on('connect', refuseConnect)
  return server
}
