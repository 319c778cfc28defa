import fp from 'fastify-plugin'

/** While the process is leaving, each answer asks its client to open its next connection elsewhere. */
export const connectionClose = fp(async (app, { isLeaving }: { isLeaving: () => boolean }) => {
  app.addHook('onSend', async (_request, reply) => {
    if (isLeaving()) {
      reply.header('connection', 'close')
    }
  })
})
