import type { FastifyRequest } from 'fastify'

/** Returns the name of the operation that a request is for; probes, documents and unknown paths have none. */
export const operationIdOf = ({ routeOptions }: FastifyRequest): string | undefined =>
  routeOptions.schema?.operationId
