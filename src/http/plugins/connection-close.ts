import fp from 'fastify-plugin'

/** During shutdown, asks each client to open its next connection elsewhere. */
export const connectionClose = fp(async (app, options: { isShuttingDown: () => boolean }) => {
  app.addHook('onSend', async (_request, reply) => {
    if (options.isShuttingDown()) {
      reply.header('connection', 'close')
    }
  })
})
