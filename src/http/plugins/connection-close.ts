import fp from 'fastify-plugin'

/** During shutdown, asks each client to open its next connection elsewhere. */
export const connectionClose = fp(async (app, options: { isShuttingDown: () => boolean }) => {
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (options.isShuttingDown()) {
      reply.header('connection', 'close')
    }
    done(null, payload)
  })
})
