import { type Case, text } from './parts.ts'

export const operationCases: Case[] = [
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
    'a response without example',
    /^createTask 201 has no named example/,
    ({ post }) => {
      delete post.responses['201']?.content?.['application/json']?.examples
    }
  ],
  [
    'two success responses',
    /^createTask has 2 success responses/,
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
    'a created resource without links',
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
    'a link from an unknown value',
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
    'no default response',
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
    /^\/api\/v1\/tasks\/batch is beside \/api\/v1\/tasks\/\{task_id\}/,
    ({ c, post }) => {
      c.paths['/api/v1/tasks/batch'] = { post }
    }
  ],
  [
    'a tag without operations',
    /^tag Lonely has no operation/,
    ({ c }) => c.tags.push({ name: 'Lonely', description: 'Lonely.' })
  ],
  [
    'a document without contact',
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
