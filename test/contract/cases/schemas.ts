import type { Schema } from '../lint/types.ts'
import { type Case, prop, text } from './parts.ts'

export const schemaCases: Case[] = [
  [
    'an inline object',
    /^Task\.extra is an inline object/,
    prop({ type: 'object', properties: { a: text } })
  ],
  [
    'an object in a list',
    /^Task\.extra\[\] is an inline object/,
    prop({ type: 'array', maxItems: 3, items: { type: 'object', properties: { a: text } } })
  ],
  ['an inline enum', /^Task\.extra is an inline enum/, prop({ type: 'string', enum: ['a'] })],
  [
    'an inline enum in a parameter',
    /^listTasks query \w+ is an inline enum/,
    ({ list }) => {
      ;(list.parameters ?? [])[0] = {
        name: 'kind',
        in: 'query',
        description: 'Kind.',
        schema: { type: 'string', enum: ['a'] }
      }
    }
  ],
  [
    'an enum with an empty value',
    /^TaskStatus has the enum value ""/,
    ({ c }) => c.components.schemas.TaskStatus?.enum?.push('')
  ],
  [
    'an enum with null',
    /^TaskStatus has the enum value null/,
    ({ c }) => c.components.schemas.TaskStatus?.enum?.push(null)
  ],
  [
    'an enum of numbers',
    /^TaskStatus is an enum of something else/,
    ({ c }) => Object.assign(c.components.schemas.TaskStatus ?? {}, { type: 'integer', enum: [1] })
  ],
  [
    'a nullable enum',
    /^TaskStatus is a nullable enum/,
    ({ c }) => Object.assign(c.components.schemas.TaskStatus ?? {}, { type: ['string', 'null'] })
  ],
  [
    'a nullable reference',
    /^Task\.extra has keywords beside \$ref/,
    prop({ $ref: '#/components/schemas/User', type: ['object', 'null'] })
  ],
  [
    'a nullable list',
    /^Task\.extra is nullable without being one scalar/,
    prop({ type: ['array', 'null'], maxItems: 3, items: text })
  ],
  [
    'a union of types',
    /^Task\.extra is nullable without being one scalar/,
    prop({ type: ['string', 'integer'], maxLength: 3, pattern: '^a$' })
  ],
  [
    'anyOf with null',
    /^Task\.extra uses anyOf/,
    prop({ anyOf: [{ $ref: '#/components/schemas/User' }, { type: 'null' }] })
  ],
  ['allOf', /^Task\.extra uses allOf/, prop({ allOf: [{ $ref: '#/components/schemas/User' }] })],
  [
    'oneOf',
    /^Task uses oneOf/,
    ({ task }) => {
      task.oneOf = []
    }
  ],
  ['nullable of 3.0', /^Task\.extra uses nullable/, prop({ ...text, nullable: true })],
  ['an example of 3.0', /^Task\.extra uses example/, prop({ ...text, example: 'a' })],
  [
    'a keyword of a language',
    /^Task\.new is a keyword of some language/,
    ({ task }) => {
      ;(task.properties as Record<string, Schema>).new = text
    }
  ],
  [
    'a keyword as a parameter',
    /^getTask query from is a keyword of some language/,
    ({ get }) =>
      get.parameters?.push({ name: 'from', in: 'query', description: 'From.', schema: text })
  ],
  [
    'a component with a number',
    /^Task2 looks like a generated name/,
    ({ c, task }) => {
      c.components.schemas.Task2 = task
    }
  ],
  [
    'an inline name',
    /^InlineTask looks like a generated name/,
    ({ c, task }) => {
      c.components.schemas.InlineTask = task
    }
  ],
  [
    'an operationId with a number',
    /^createTask2 looks like a generated name/,
    ({ post }) => {
      post.operationId = 'createTask2'
    }
  ],
  [
    'an invalid example of a component',
    /^Task has an example that is not valid: \/title/,
    ({ task }) => {
      ;(task.examples as { title: unknown }[])[0] = {
        ...(task.examples as [{ title: string }])[0],
        title: 1
      }
    }
  ],
  [
    'an invalid example of a property',
    /^Task\.extra has an example that is not valid/,
    prop({ ...text, examples: ['b'] })
  ],
  [
    'a tuple',
    /^Task\.extra uses prefixItems/,
    prop({ type: 'array', maxItems: 2, prefixItems: [text] })
  ],
  [
    'a list of nothing',
    /^Task\.extra does not say what it is a list of/,
    prop({ type: 'array', maxItems: 2, items: false as never })
  ],
  ['readOnly', /^Task\.extra uses readOnly/, prop({ ...text, readOnly: true })],
  [
    'patternProperties',
    /^Task uses patternProperties/,
    ({ task }) => {
      task.patternProperties = {}
    }
  ],
  ['an empty schema', /^Task\.extra has no type/, prop({})],
  [
    'an unknown format',
    /^Task\.extra has the unknown format ipv4/,
    prop({ ...text, format: 'ipv4' })
  ],
  [
    'an unbounded string',
    /^Task\.extra is an unbounded string/,
    prop({ type: 'string', format: 'uri' })
  ],
  [
    'a string of anything',
    /^Task\.extra is a string without format or pattern/,
    prop({ type: 'string', maxLength: 5 })
  ],
  [
    'a look-ahead',
    /^Task\.extra has a pattern that not every language reads/,
    prop({ ...text, pattern: '^(?!a)b$' })
  ],
  [
    'an escape that Ruby does not read',
    /^Task\.extra has a pattern that not every language reads/,
    prop({ ...text, pattern: '^[\\x20-\\xff]*$' })
  ],
  ['an unbounded list', /^Task\.extra is an unbounded array/, prop({ type: 'array', items: text })],
  [
    'an unbounded integer',
    /^Task\.extra is an unbounded integer/,
    prop({ type: 'integer', format: 'int32', minimum: 0 })
  ],
  [
    'an integer without size',
    /^Task\.extra is a bare integer/,
    prop({ type: 'integer', minimum: 0, maximum: 9 })
  ],
  [
    'a bare number',
    /^Task\.extra is a bare number/,
    prop({ type: 'number', minimum: 0, maximum: 9 })
  ],
  [
    'a property without description',
    /^Task\.extra has no description/,
    prop({ ...text, description: '' })
  ],
  [
    'a name in camelCase',
    /^Task\.dueDate is not snake_case/,
    ({ task }) => {
      ;(task.properties as Record<string, Schema>).dueDate = text
    }
  ],
  [
    'two names alike',
    /^Task\.duedate differs from another name only/,
    ({ task }) => {
      ;(task.properties as Record<string, Schema>).duedate = text
    }
  ],
  [
    'a property that may be missing in a response',
    /^Task\.title may be missing in a response/,
    ({ task }) => {
      task.required = task.required?.filter((name) => name !== 'title') ?? []
    }
  ],
  [
    'an open request',
    /^TaskCreate is sent but open/,
    ({ create }) => {
      delete create.additionalProperties
    }
  ],
  [
    'a closed response',
    /^Task is returned but closed/,
    ({ task }) => {
      task.additionalProperties = false
    }
  ],
  [
    'a patch that requires',
    /^TaskUpdate is a patch that requires fields/,
    ({ c }) => {
      ;(c.components.schemas.TaskUpdate as Schema).required = ['title']
    }
  ],
  [
    'a patch with a default',
    /^TaskUpdate is a patch with a default/,
    ({ c }) =>
      Object.assign(c.components.schemas.TaskUpdate?.properties?.title ?? {}, { default: 'x' })
  ],
  [
    'an empty patch',
    /^TaskUpdate is a patch that may be empty/,
    ({ c }) => {
      delete c.components.schemas.TaskUpdate?.minProperties
    }
  ],
  [
    'a replacement that omits',
    /^TaskReplace\.title may be missing in a replacement/,
    ({ c }) => c.components.schemas.TaskReplace?.required?.splice(0)
  ],
  [
    'a component with a generated name',
    /^def-0 is not a PascalCase name/,
    ({ c, task }) => {
      c.components.schemas['def-0'] = task
    }
  ],
  [
    'a dangling reference',
    /Gone is referred to but not declared/,
    prop({ $ref: '#/components/schemas/Gone' })
  ],
  [
    'an unused component',
    /Lonely is declared but never referred to/,
    ({ c, task }) => {
      c.components.schemas.Lonely = task
    }
  ]
]
