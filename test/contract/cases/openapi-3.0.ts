import { type Case, prop, text } from './parts.ts'

export const openapi30Cases: Case[] = [
  [
    'a list of types',
    /^Task\.extra has a list of types, which 3\.0 does not know/,
    prop({ ...text, type: ['string', 'null'] })
  ],
  ['examples of 3.1', /^Task\.extra uses examples/, prop({ ...text, examples: ['a'] })],
  ['a const', /^Task\.extra uses const/, prop({ ...text, const: 'a' })],
  [
    'a nullable reference',
    /^Task\.extra has keywords beside \$ref/,
    prop({ $ref: '#/components/schemas/User', nullable: true })
  ],
  [
    'a nullable list',
    /^Task\.extra is nullable without being one scalar/,
    prop({ type: 'array', maxItems: 3, items: text, nullable: true })
  ],
  [
    'a nullable enum',
    /^TaskStatus is a nullable enum/,
    ({ c }) => Object.assign(c.components.schemas.TaskStatus ?? {}, { nullable: true })
  ],
  [
    'nullable without a type',
    /^Task\.extra is nullable without being one scalar/,
    prop({ nullable: true })
  ],
  [
    'an inline object in a list',
    /^Task\.extra\[\] is an inline object/,
    prop({ type: 'array', maxItems: 3, items: { type: 'object', properties: { a: text } } })
  ],
  [
    'an invalid example',
    /^Task\.extra has an example that is not valid/,
    prop({ ...text, example: 'b' })
  ]
]
