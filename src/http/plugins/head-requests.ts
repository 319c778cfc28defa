import { Readable } from 'node:stream'
import fp from 'fastify-plugin'

/** The body of a HEAD response whose length is not known: headers alone, without a Content-Length. */
export const noBody = (): Readable => Readable.from([])

/**
 * Ends the stream that a HEAD request would have: Fastify runs the handler of GET and reads its stream to the end for
 * nobody, also when the client has gone.
 */
export const headRequests = fp(async (app) => {
  app.addHook('onSend', ({ method }, _reply, payload, done) => {
    if (method === 'HEAD' && payload instanceof Readable) {
      payload.destroy()
      done(null, noBody())
    } else {
      done(null, payload)
    }
  })
})
