import type { LightMyRequestResponse as Response } from 'fastify'

/** How many answers had which status. */
export const countStatuses = (answers: Pick<Response, 'statusCode'>[]): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(answers, (answer) => String(answer.statusCode))].map(([status, group]) => [
      status,
      group.length
    ])
  )
