/** Every kind of change that would break somebody's client, made to a contract in place. */
interface Schema {
  $ref?: string
  type?: string | string[]
  nullable?: boolean
  properties?: Record<string, Schema>
  required?: string[]
  enum?: string[]
  items?: Schema
  additionalProperties?: boolean
  minProperties?: number
  [keyword: string]: unknown
}
interface Parameter {
  name: string
  in: string
  required?: boolean
  schema: Schema
}
interface Operation {
  operationId: string
  security?: unknown[]
  parameters: Parameter[]
  requestBody: { content: Record<string, { schema: Schema }> }
  responses: Record<
    string,
    { content?: Record<string, unknown>; headers?: Record<string, unknown> }
  >
}
export interface Contract {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

/** The operation or property that every break is made to. */
const TASKS = '/api/v1/tasks'
const TASK = '/api/v1/tasks/{task_id}'
const operation = (c: Contract, path: string, method: string) =>
  c.paths[path]?.[method] as Operation
const schema = (c: Contract, name: string) => c.components.schemas[name] as Schema
const property = (c: Contract, name: string, field: string) =>
  schema(c, name).properties?.[field] as Schema
const parameter = (c: Contract, name: string) =>
  operation(c, TASKS, 'get').parameters.find((p) => p.name === name) as Parameter
const without = <T>(list: T[] = [], item: T) => list.filter((other) => other !== item)

export const breaks: Record<string, (contract: Contract) => unknown> = {
  'a path is gone': (c) => delete c.paths[TASK],
  'an operation is gone': (c) => delete c.paths[TASK]?.delete,
  'an operation has another name': (c) => {
    operation(c, TASK, 'get').operationId = 'readTask'
  },
  'a public operation wants credentials': (c) => {
    delete operation(c, '/api/v1/auth/register', 'post').security
  },
  'a property of an answer is gone': (c) => {
    delete schema(c, 'Task').properties?.title
    schema(c, 'Task').required = without(schema(c, 'Task').required, 'title')
  },
  'a property of an answer may be missing': (c) => {
    schema(c, 'Task').required = without(schema(c, 'Task').required, 'title')
  },
  'a property of an answer may be null': (c) => nullable(property(c, 'Task', 'title')),
  'a property of an answer has another type': (c) => {
    property(c, 'Task', 'version').type = 'string'
  },
  'a property of an answer has another format': (c) => {
    property(c, 'Task', 'created_at').format = 'date'
  },
  'a property of an answer may be longer': (c) => {
    property(c, 'Task', 'title').maxLength = 10_000
  },
  'a number in an answer may be larger': (c) => {
    property(c, 'Task', 'version').format = 'int64'
    property(c, 'Task', 'version').maximum = Number.MAX_SAFE_INTEGER
  },
  'an answer has a further enum value': (c) => schema(c, 'TaskStatus').enum?.push('blocked'),
  'an answer has another status': (c) => {
    const { responses } = operation(c, TASKS, 'post')
    responses['200'] = responses['201'] as object
    delete responses['201']
  },
  'an answer has another media type': (c) => {
    const answer = operation(c, TASK, 'get').responses['200'] as {
      content: Record<string, unknown>
    }
    answer.content = { 'application/hal+json': answer.content['application/json'] }
  },
  'an answer loses a header': (c) =>
    delete operation(c, TASK, 'get').responses['200']?.headers?.ETag,
  'a request wants a new field': (c) => {
    Object.assign(schema(c, 'TaskCreate').properties ?? {}, {
      kind: { type: 'string', maxLength: 9, pattern: '^a*$' }
    })
    schema(c, 'TaskCreate').required?.push('kind')
  },
  'an optional field of a request is wanted': (c) =>
    schema(c, 'TaskCreate').required?.push('status'),
  'a field of a request is gone': (c) => delete schema(c, 'TaskCreate').properties?.tags,
  'a field of a request has another type': (c) => {
    property(c, 'TaskCreate', 'title').type = 'integer'
  },
  'a field of a request may no longer be null': (c) =>
    notNullable(property(c, 'TaskUpdate', 'description')),
  'a field of a request may be less long': (c) => {
    property(c, 'TaskCreate', 'title').maxLength = 10
  },
  'a field of a request must be longer': (c) => {
    property(c, 'TaskCreate', 'title').minLength = 5
  },
  'a field of a request has another pattern': (c) => {
    property(c, 'TaskCreate', 'title').pattern = '^[a-z]+$'
  },
  'a list in a request may hold less': (c) => {
    property(c, 'TaskCreate', 'tags').maxItems = 2
  },
  'an enum of a request has lost a value': (c) => {
    schema(c, 'TaskPriority').enum = ['low', 'high']
  },
  'a request takes another media type': (c) => {
    const { requestBody } = operation(c, TASKS, 'post')
    requestBody.content = {
      'application/xml': requestBody.content['application/json'] as { schema: Schema }
    }
  },
  'a parameter is gone': (c) => {
    operation(c, TASKS, 'get').parameters = operation(c, TASKS, 'get').parameters.filter(
      (p) => p.name !== 'due_after'
    )
  },
  'a parameter is wanted': (c) => {
    parameter(c, 'q').required = true
  },
  'a new parameter is wanted': (c) =>
    operation(c, TASKS, 'get').parameters.push({
      name: 'team',
      in: 'query',
      required: true,
      schema: { type: 'string', maxLength: 9, pattern: '^a*$' }
    }),
  'a parameter has a lower maximum': (c) => {
    parameter(c, 'limit').schema.maximum = 50
  },
  'a parameter has a higher minimum': (c) => {
    parameter(c, 'limit').schema.minimum = 10
  },
  'a parameter has another type': (c) => {
    parameter(c, 'overdue').schema.type = 'string'
  },
  'a parameter has another default': (c) => {
    parameter(c, 'limit').schema.default = 50
  }
}

/** What an addition is must stay possible. */
export const additions: Record<string, (contract: Contract) => unknown> = {
  'a new operation': (c) => {
    c.paths['/api/v1/labels'] = {
      get: { ...operation(c, TASKS, 'get'), operationId: 'listLabels' }
    }
  },
  'a new property of an answer': (c) => {
    Object.assign(schema(c, 'Task').properties ?? {}, {
      colour: { type: 'string', maxLength: 9, pattern: '^a*$' }
    })
    schema(c, 'Task').required?.push('colour')
  },
  'a new optional field of a request': (c) =>
    Object.assign(schema(c, 'TaskCreate').properties ?? {}, {
      colour: { type: 'string', maxLength: 9, pattern: '^a*$' }
    }),
  'a new optional parameter': (c) =>
    operation(c, TASKS, 'get').parameters.push({
      name: 'colour',
      in: 'query',
      schema: { type: 'string', maxLength: 9, pattern: '^a*$' }
    })
}

function nullable(schema: Schema): void {
  if (Array.isArray(schema.type)) {
    throw new Error('It is nullable already.')
  }
  schema.type = [schema.type as string, 'null']
}

function notNullable(schema: Schema): void {
  if (!Array.isArray(schema.type)) {
    throw new Error('It is not nullable.')
  }
  schema.type = schema.type[0] as string
}
