import { type Static, Type } from '@sinclair/typebox'
import type { Deps } from '../../../src/core/deps.ts'
import { IdempotencyKey, sendIdempotent } from '../../../src/http/idempotency.ts'
import { ref, requestBody, responseBody, responses } from '../../../src/http/schemas.ts'
import type { App } from '../../../src/http/server.ts'

const MAX_TIMES = 10_000

const Name = Type.String({ maxLength: 50, pattern: '^[a-z]+$', description: 'Whom to greet.' })
export const GreetingCreate = requestBody(
  'GreetingCreate',
  {
    name: Name,
    times: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_TIMES, description: 'How often; once by default.' })
    )
  },
  { description: 'Whom to greet.', examples: [{ name: 'ann' }] }
)
export const Greeting = responseBody(
  'Greeting',
  {
    text: Type.String({
      maxLength: 100 * MAX_TIMES,
      pattern: '^[A-Za-z ,]+$',
      description: 'The greeting.'
    }),
    from: Type.String({ maxLength: 50, pattern: '^[a-z0-9-]+$', description: 'Who greets.' })
  },
  { description: 'A greeting.', examples: [{ text: 'Hello, ann', from: 'bob' }] }
)

const createGreeting = {
  config: { allow: 'user', scope: 'greetings:write', budget: 'greetings' },
  schema: {
    operationId: 'createGreeting',
    tags: ['Greetings'],
    summary: 'Greet somebody',
    description: 'Returns a greeting.',
    headers: IdempotencyKey,
    body: ref(GreetingCreate),
    response: responses({ 200: ref(Greeting) }, 'response_not_stored')
  }
} as const

export async function greetingRoutes(app: App, { db }: Pick<Deps, 'db'>): Promise<void> {
  app.post('/', createGreeting, (request, reply) =>
    sendIdempotent(db, request, reply, {
      work: async () => greet(request.ctx.caller.name, request.body),
      respond: (body) => ({ status: 200, headers: {}, body })
    })
  )
}

const greet = (from: string, { name, times = 1 }: Static<typeof GreetingCreate>) => ({
  text: Array(times).fill(`Hello, ${name}`).join(', '),
  from
})
