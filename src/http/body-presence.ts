import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import { invalidField, type Problem } from '../core/problem.ts'

const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
const IS_JSON = /^application\/json\s*(;|$)/i
const IS_JSON_OR_PATCH = /^application\/(merge-patch\+)?json\s*(;|$)/i

/**
 * Decides what the presence of a body means, before its media type does. An empty body is none, whatever its type. An
 * operation that takes none rejects one, so that nothing in it is ignored; a POST may send `{}`, which says nothing.
 */
export function checkBodyPresence(app: FastifyInstance): void {
  app.addHook('onRoute', (route: RouteOptions) => {
    if (![route.method].flat().some((method) => WITH_BODY.has(method))) {
      return
    }
    const takesBody = route.schema?.body !== undefined
    const isTaken = takesBody ? mediaTypesOf(route) : (type: string) => IS_JSON.test(type)
    route.preParsing = [
      async (request: FastifyRequest, _reply: unknown, payload: Readable) => {
        const type = request.headers['content-type']
        if (type !== undefined && isTaken(type) && (takesBody || request.method === 'POST')) {
          return payload
        }
        if (await isEmpty(request, payload)) {
          request.headers = NO_BODY
        } else if (!takesBody) {
          throw unexpectedBody()
        }
        return payload
      },
      ...[route.preParsing ?? []].flat()
    ]
    if (!takesBody) {
      route.preValidation = [
        async ({ body }: FastifyRequest) => {
          if (!saysNothing(body)) {
            throw unexpectedBody()
          }
        },
        ...[route.preValidation ?? []].flat()
      ]
    }
  })
}

/** Fastify reads them over the received ones, and then looks for no parser. */
const NO_BODY = {
  'content-type': undefined,
  'content-length': '0',
  'transfer-encoding': undefined
}

const unexpectedBody = (): Problem =>
  invalidField('body', '', 'unknown_field', 'This operation takes no body. Nothing was done.')

/** Returns whether a media type is one that the route's parser reads; an empty body of it is the parser's. */
function mediaTypesOf({ schema, method }: RouteOptions): (type: string) => boolean {
  const { consumes } = schema as { consumes?: string[] }
  const json = [method].flat().includes('PATCH') ? IS_JSON_OR_PATCH : IS_JSON
  return consumes
    ? (type) => consumes.some((known) => type.toLowerCase().startsWith(known))
    : (type) => json.test(type)
}

async function isEmpty({ headers }: FastifyRequest, payload: Readable): Promise<boolean> {
  if (headers['transfer-encoding'] === undefined) {
    return Number(headers['content-length'] ?? 0) === 0
  }
  return !(await hasData(payload))
}

/** Waits for the first data of a stream and leaves it there. */
async function hasData(payload: Readable): Promise<boolean> {
  if (!payload.readableEnded && payload.readableLength === 0) {
    await new Promise<void>((resolve) => {
      payload.once('readable', resolve).once('close', resolve)
    })
  }
  return payload.readableLength > 0
}

const saysNothing = (body: unknown): boolean =>
  body === undefined ||
  body === null ||
  (typeof body === 'object' && !Array.isArray(body) && Object.keys(body).length === 0)
