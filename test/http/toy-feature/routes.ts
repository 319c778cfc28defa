import { type Static, Type } from '@sinclair/typebox'
import { ref, requestBody, responseBody, responses } from '../../../src/http/schemas.ts'
import type { App } from '../../../src/http/server.ts'

const Name = Type.String({ maxLength: 50, pattern: '^[a-z]+$', description: 'Whom to greet.' })
export const GreetingCreate = requestBody(
  'GreetingCreate',
  { name: Name },
  { description: 'Whom to greet.', examples: [{ name: 'ann' }] }
)
export const Greeting = responseBody(
  'Greeting',
  {
    text: Type.String({ maxLength: 100, pattern: '^[A-Za-z ,]+$', description: 'The greeting.' }),
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
    body: ref(GreetingCreate),
    response: responses({ 200: ref(Greeting) })
  }
} as const

export async function greetingRoutes(app: App): Promise<void> {
  app.post('/', createGreeting, async ({ ctx, body }) => greet(ctx.caller.name, body))
}

const greet = (from: string, { name }: Static<typeof GreetingCreate>) => ({
  text: `Hello, ${name}`,
  from
})
