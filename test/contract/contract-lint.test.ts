import { readFileSync } from 'node:fs'
import t from 'tap'
import { type Contract, lintContract } from '../support/contract-lint.ts'
import type { Schema } from '../support/contract-lint-schemas.ts'

const [committed, twin] = ['openapi.json', 'openapi-3.0.json'].map((name) =>
  readFileSync(new URL(`../../openapi/${name}`, import.meta.url), 'utf8')
) as [string, string]

t.test(
  'the committed contract and its twin have nothing that generated clients choke on',
  async (t) => {
    t.strictSame(lintContract(JSON.parse(committed)), [])
    t.strictSame(lintContract(JSON.parse(twin)), [])
  }
)

t.test('both are plain ASCII, end in a line break and name no build', async (t) => {
  for (const text of [committed, twin]) {
    t.match(text, /^[\x20-\x7e\n]*\n$/)
    t.notMatch(text, /def-\d|InlineObject|file:\/\//)
  }
})

interface Parts {
  c: Contract
  task: Schema
  create: Schema
  post: Operation
  get: Operation
  list: Operation
  patch: Operation
}
type Operation = Contract['paths'][string][string]
const text = { type: 'string', maxLength: 10, pattern: '^a*$', description: 'A text.' }
const prop =
  (schema: Partial<Schema>) =>
  ({ task }: Parts) => {
    ;(task.properties as Record<string, Schema>).extra = {
      description: 'Extra.',
      ...schema
    } as Schema
    task.required?.push('extra')
  }

const forbidden: [construct: string, finding: RegExp, put: (parts: Parts) => unknown][] = [
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
    /^Task2 looks like a name that a machine made/,
    ({ c, task }) => {
      c.components.schemas.Task2 = task
    }
  ],
  [
    'an inline name',
    /^InlineTask looks like a name that a machine made/,
    ({ c, task }) => {
      c.components.schemas.InlineTask = task
    }
  ],
  [
    'an operationId with a number',
    /^createTask2 looks like a name that a machine made/,
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
    'a property that may be missing in an answer',
    /^Task\.title may be missing in an answer/,
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
    'a closed answer',
    /^Task is answered but closed/,
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
    'a component named by a machine',
    /^def-0 is not a PascalCase name/,
    ({ c, task }) => {
      c.components.schemas['def-0'] = task
    }
  ],
  [
    'a dangling reference',
    /Gone is referred to but not there/,
    prop({ $ref: '#/components/schemas/Gone' })
  ],
  [
    'an unused component',
    /Lonely is there but never referred to/,
    ({ c, task }) => {
      c.components.schemas.Lonely = task
    }
  ],
  [
    'two operations of one name',
    /^getTask is the name of two operations/,
    ({ post }) => {
      post.operationId = 'getTask'
    }
  ],
  [
    'an operationId from a path',
    /has no camelCase operationId/,
    ({ post }) => {
      post.operationId = 'post_tasks'
    }
  ],
  [
    'a long summary',
    /^createTask has no summary/,
    ({ post }) => {
      post.summary = 'x'.repeat(51)
    }
  ],
  [
    'no description',
    /^createTask has no description/,
    ({ post }) => {
      delete post.description
    }
  ],
  [
    'two tags',
    /^createTask has not exactly one declared tag/,
    ({ post }) => post.tags?.push('Users')
  ],
  [
    'a body written out',
    /^createTask request is no named component/,
    ({ post }) => {
      ;(post.requestBody?.content as Record<string, object>)['application/json'] = {
        schema: text,
        examples: {}
      }
    }
  ],
  [
    'two media types of a request',
    /^createTask request has not exactly one media type/,
    ({ post }) => {
      ;(post.requestBody?.content as Record<string, object>)['application/x-www-form-urlencoded'] =
        {}
    }
  ],
  [
    'a body without example',
    /^createTask request has no named example/,
    ({ post }) => {
      delete post.requestBody?.content['application/json']?.examples
    }
  ],
  [
    'an example that is not valid',
    /^createTask request has an example that is not valid/,
    ({ post }) => {
      for (const e of Object.values(
        post.requestBody?.content['application/json']?.examples ?? {}
      )) {
        e.value = { titel: 'x' }
      }
    }
  ],
  [
    'an answer without example',
    /^createTask 201 has no named example/,
    ({ post }) => {
      delete post.responses['201']?.content?.['application/json']?.examples
    }
  ],
  [
    'two success answers',
    /^createTask has 2 success answers/,
    ({ post }) => {
      post.responses['200'] = post.responses['201'] ?? {}
    }
  ],
  [
    'a 204 with a body',
    /^createTask 204 has a body/,
    ({ post }) => {
      post.responses['204'] = post.responses['201'] ?? {}
    }
  ],
  [
    'a default description',
    /^createTask 201 has no description/,
    ({ post }) => {
      ;(post.responses['201'] ?? {}).description = 'Default Response'
    }
  ],
  [
    'an undocumented 401',
    /^createTask does not document 401/,
    ({ post }) => {
      delete post.responses['401']
    }
  ],
  [
    'an undocumented 429',
    /^createTask does not document 429/,
    ({ post }) => {
      delete post.responses['429']
    }
  ],
  [
    'a security of its own',
    /^createTask has a security of its own/,
    ({ post }) => {
      post.security = [{ other: [] }]
    }
  ],
  [
    'a made thing that leads nowhere',
    /^createTask has no link to deleteTask/,
    ({ post }) => {
      delete post.responses['201']?.links
    }
  ],
  [
    'a link to nothing',
    /^createTask 201 link getTask leads nowhere/,
    ({ post }) =>
      Object.assign(post.responses['201']?.links?.getTask ?? {}, { operationId: 'getNothing' })
  ],
  [
    'a link without its id',
    /^createTask 201 link getTask does not say task_id/,
    ({ post }) => Object.assign(post.responses['201']?.links?.getTask ?? {}, { parameters: {} })
  ],
  [
    'a link with too much',
    /^createTask 201 link getTask says colour, which getTask does not take/,
    ({ post }) =>
      Object.assign(post.responses['201']?.links?.getTask?.parameters ?? {}, {
        colour: '$response.body#/id'
      })
  ],
  [
    'a link from what is not there',
    /^createTask 201 link getTask takes task_id from \$response\.body#\/uid/,
    ({ post }) =>
      Object.assign(post.responses['201']?.links?.getTask?.parameters ?? {}, {
        task_id: '$response.body#/uid'
      })
  ],
  [
    'a page without a next one',
    /^listTasks has no link to its next page/,
    ({ list }) => {
      delete list.responses['200']?.links
    }
  ],
  [
    'no default answer',
    /^createTask does not document default/,
    ({ post }) => {
      delete post.responses.default
    }
  ],
  [
    'a problem of its own',
    /^createTask 400 is no shared problem/,
    ({ post }) => {
      post.responses['400'] = { description: 'Bad.' }
    }
  ],
  [
    'a problem as application/json',
    /^createTask 400 is not a Problem/,
    ({ c }) => {
      Object.assign(c.components.responses.BadRequest ?? {}, {
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } }
      })
    }
  ],
  [
    'a form that refers',
    /^createTask request status is more than a scalar in a form/,
    ({ post }) => {
      ;(post.requestBody as { content: object }).content = {
        'application/x-www-form-urlencoded': post.requestBody?.content['application/json']
      }
    }
  ],
  [
    'a cookie',
    /^getTask cookie sid is in cookie/,
    ({ get }) =>
      get.parameters?.push({ name: 'sid', in: 'cookie', description: 'Sid.', schema: text })
  ],
  [
    'a required header',
    /is a required header/,
    ({ get }) =>
      get.parameters?.push({
        name: 'X-A',
        in: 'header',
        required: true,
        description: 'A.',
        schema: text
      })
  ],
  [
    'a bare id in a path',
    /^getTask path id does not name its resource/,
    ({ get }) =>
      get.parameters?.push({
        name: 'id',
        in: 'path',
        required: true,
        description: 'Id.',
        schema: text
      })
  ],
  [
    'a list that does not repeat its key',
    /is a list that does not repeat its key/,
    ({ list }) => {
      for (const p of list.parameters ?? []) {
        p.explode = false
      }
    }
  ],
  [
    'a parameter without description',
    /^listTasks query \w+ has no description/,
    ({ list }) => {
      for (const p of list.parameters ?? []) {
        delete p.description
      }
    }
  ],
  [
    'a default that is required',
    /is required although it has a default/,
    ({ list }) => {
      for (const p of list.parameters ?? []) {
        p.required = true
      }
    }
  ],
  [
    'a path beside a parameter',
    /^\/api\/v1\/tasks\/batch stands beside \/api\/v1\/tasks\/\{task_id\}/,
    ({ c, post }) => {
      c.paths['/api/v1/tasks/batch'] = { post }
    }
  ],
  [
    'a tag of nothing',
    /^tag Lonely has no operation/,
    ({ c }) => c.tags.push({ name: 'Lonely', description: 'Lonely.' })
  ],
  [
    'a document of nobody',
    /^info has no contact/,
    ({ c }) => {
      delete c.info.contact
    }
  ],
  [
    'another version of OpenAPI',
    /^openapi is neither/,
    ({ c }) => {
      c.openapi = '3.2.0'
    }
  ],
  [
    'an oauth2 flow',
    /^the document publishes oauth2/,
    ({ c }) => {
      c.components.securitySchemes.password = { type: 'oauth2' }
    }
  ],
  [
    'a variable server',
    /^servers is not one origin/,
    ({ c }) => {
      c.servers = [{ url: 'https://{host}' }]
    }
  ]
]

const forbiddenIn30: typeof forbidden = [
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

/** A few operations with what they refer to are enough to break; every further one costs each construct its time. */
function excerpt(whole: Contract): Contract {
  const paths = Object.fromEntries(
    Object.entries(whole.paths).filter(([path]) =>
      /^\/api\/v1\/(tasks|me)(\/\{task_id\})?$/.test(path)
    )
  )
  const { schemas } = whole.components
  const reach = (text: string, seen: Set<string>): Set<string> => {
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (!seen.has(name)) {
        reach(JSON.stringify(schemas[name]), seen.add(name))
      }
    }
    return seen
  }
  const reached = reach(JSON.stringify([paths, whole.components.responses]), new Set())
  return {
    ...whole,
    paths,
    components: {
      ...whole.components,
      schemas: Object.fromEntries(Object.entries(schemas).filter(([name]) => reached.has(name)))
    }
  }
}

t.test('the walker catches every forbidden construct and names its place', async (t) => {
  const catches = (document: string, constructs: typeof forbidden) => {
    const some = excerpt(JSON.parse(document))
    const usual = new Set(lintContract(some))
    for (const [construct, finding, put] of constructs) {
      const c = structuredClone(some)
      const at = (path: string, method: string) => c.paths[path]?.[method] as Operation
      put({
        c,
        task: c.components.schemas.Task as Schema,
        create: c.components.schemas.TaskCreate as Schema,
        list: at('/api/v1/tasks', 'get'),
        post: at('/api/v1/tasks', 'post'),
        get: at('/api/v1/tasks/{task_id}', 'get'),
        patch: at('/api/v1/tasks/{task_id}', 'patch')
      })
      const findings = lintContract(c).filter((line) => !usual.has(line))
      t.ok(
        findings.some((line) => finding.test(line)),
        `${construct} ${some.openapi}`,
        { findings }
      )
    }
  }
  catches(committed, forbidden)
  catches(twin, forbiddenIn30)
})
