import { readFileSync } from 'node:fs'
import t from 'tap'
import { toOpenApi30 } from '../../src/lib/openapi-downgrade.ts'

const frame = (schema: object, more: object = {}) => ({
  openapi: '3.1.0',
  info: { title: 'T', version: '1.0.0', ...more },
  paths: {},
  components: { schemas: { Thing: { type: 'object', properties: { it: schema } } } }
})
const told = (schema: object) =>
  toOpenApi30(frame(schema)).components.schemas.Thing.properties.it as object

t.test('each keyword of 3.1 is replaced by its equivalent in 3.0', async (t) => {
  const pairs: [of31: object, of30: object][] = [
    [
      { type: ['string', 'null'], maxLength: 3 },
      { type: 'string', nullable: true, maxLength: 3 }
    ],
    [{ type: ['null', 'integer'] }, { type: 'integer', nullable: true }],
    [
      { type: 'string', const: 'a' },
      { type: 'string', enum: ['a'] }
    ],
    [
      { type: 'string', examples: ['a', 'b'] },
      { type: 'string', example: 'a' }
    ],
    [
      { type: 'string', examples: [null] },
      { type: 'string', example: null }
    ],
    [{ type: 'string', examples: [] }, { type: 'string' }],
    [
      { type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 9 },
      { type: 'integer', minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: true }
    ],
    [
      { type: 'string', contentMediaType: 'application/octet-stream' },
      { type: 'string', format: 'binary' }
    ],
    [
      { $id: 'x', $defs: {}, $comment: 'c', type: 'array', items: { type: ['string', 'null'] } },
      { type: 'array', items: { type: 'string', nullable: true } }
    ],
    [{ $ref: '#/components/schemas/Thing' }, { $ref: '#/components/schemas/Thing' }]
  ]
  for (const [of31, of30] of pairs) {
    t.strictSame(told(of31), of30, JSON.stringify(of31))
  }
})

t.test('names and data that look like keywords are unchanged', async (t) => {
  const of31 = {
    type: 'object',
    required: ['const'],
    properties: {
      const: { type: 'string' },
      examples: { type: ['string', 'null'] },
      $id: { type: 'string' }
    },
    default: { const: 1, type: ['a', 'null'] },
    examples: [{ const: 'a', examples: ['x'], $id: 'y' }]
  }
  t.strictSame(told(of31), {
    type: 'object',
    required: ['const'],
    properties: {
      const: { type: 'string' },
      examples: { type: 'string', nullable: true },
      $id: { type: 'string' }
    },
    default: { const: 1, type: ['a', 'null'] },
    example: { const: 'a', examples: ['x'], $id: 'y' }
  })
  const media = {
    examples: { one: { summary: 'One', value: { const: 1, examples: [2] } } },
    schema: { type: 'string' }
  }
  const paths = {
    '/a': {
      get: {
        operationId: 'getA',
        parameters: [{ name: 'const', in: 'query', schema: { type: ['string', 'null'] } }],
        responses: {
          200: {
            description: 'Yes.',
            content: { 'application/json': media },
            links: { next: { operationId: 'getA', parameters: { const: '$response.body#/x' } } }
          }
        }
      }
    }
  }
  const get = toOpenApi30({ ...frame({}), paths }).paths['/a'].get
  t.strictSame(get.responses, paths['/a'].get.responses)
  t.strictSame(get.parameters, [
    { name: 'const', in: 'query', schema: { type: 'string', nullable: true } }
  ])
})

t.test('the document drops what 3.0 does not support, and the source is unchanged', async (t) => {
  const source = {
    ...frame({ type: 'string' }, { summary: 'S', license: { name: 'MIT', identifier: 'MIT' } }),
    webhooks: { created: {} },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema'
  }
  const before = structuredClone(source)
  t.strictSame(toOpenApi30(source as object), {
    openapi: '3.0.3',
    info: {
      title: 'T',
      version: '1.0.0',
      license: { name: 'MIT', url: 'https://spdx.org/licenses/MIT.html' }
    },
    paths: {},
    components: source.components
  })
  t.strictSame(source, before)
})

t.test('what only webhooks refer to is dropped with them', async (t) => {
  const to = (name: string) => ({ $ref: `#/components/schemas/${name}` })
  const of = (it: object) => ({ type: 'object', properties: { it } })
  const schemas = {
    Both: of(to('Inner')),
    Inner: { type: 'string' },
    Ping: of(to('PingType')),
    PingType: { type: 'string' },
    Unused: { type: 'string' }
  }
  const content = (name: string) => ({ content: { 'application/json': { schema: to(name) } } })
  const post = (name: string) => ({
    post: { operationId: 'x', requestBody: content(name), responses: {} }
  })
  const source = {
    ...frame({}),
    paths: { '/a': post('Both') },
    webhooks: { change: post('Both'), ping: post('Ping') },
    components: { schemas }
  }
  const converted = toOpenApi30(source as typeof source & { webhooks?: object })
  t.strictSame(Object.keys(converted.components.schemas), ['Both', 'Inner', 'Unused'])
  t.notOk('webhooks' in converted)
})

t.test('what 3.0 cannot express fails the conversion and is named with its place', async (t) => {
  const place = '/components/schemas/Thing/properties/it'
  const impossible: [schema: object, fault: string][] = [
    [{ type: ['string', 'integer'] }, `${place} has the type ["string","integer"]`],
    [{ type: 'null' }, `${place} has the type "null"`],
    [{ type: ['null'] }, `${place} has the type []`],
    [{ type: 'array', prefixItems: [] }, `${place} has prefixItems`],
    [{ type: 'array', items: false }, `${place} has a boolean for a schema`],
    [{ type: 'object', patternProperties: {} }, `${place} has patternProperties`],
    [{ type: 'object', unevaluatedProperties: false }, `${place} has unevaluatedProperties`],
    [{ type: 'string', contentEncoding: 'base64' }, `${place} has contentEncoding`],
    [{ if: {} }, `${place} has if`],
    [
      { type: 'integer', minimum: 1, exclusiveMinimum: 0 },
      `${place} has exclusiveMinimum beside another bound`
    ],
    [
      { $ref: '#/components/schemas/Thing', description: 'Lost.' },
      `${place} has keywords beside $ref`
    ]
  ]
  for (const [schema, fault] of impossible) {
    t.throws(
      () => told(schema),
      new Error(`This contract cannot be expressed in OpenAPI 3.0:\n${fault}`),
      fault
    )
  }
})

t.test('a part that is lost fails the conversion', async (t) => {
  // Only what is dropped can be lost: here a part whose name looks like a keyword, in a place without names.
  const paths = {
    '/a': {
      get: { operationId: 'getA', parameters: [], responses: { 200: { description: 'Yes.' } } }
    }
  }
  const lost = (part: object) => toOpenApi30({ ...frame({ type: 'string' }), paths, ...part })
  t.throws(
    () =>
      lost({
        components: {
          schemas: { Thing: { type: 'object', properties: [], $defs: {}, required: ['it'] } },
          $defs: { A: {} }
        }
      }),
    /\$defs A is lost/
  )
})

t.test(
  'the committed 3.0 document has every operation, component and example of the contract',
  async (t) => {
    const read = (name: string) =>
      JSON.parse(readFileSync(new URL(`../../openapi/${name}`, import.meta.url), 'utf8'))
    const [contract, twin] = [read('openapi.json'), read('openapi-3.0.json')]
    // What receivers of webhooks get has no place in 3.0; a change is also what an operation returns.
    t.ok(contract.webhooks.ping)
    delete contract.webhooks
    t.equal(twin.openapi, '3.0.3')
    t.strictSame(Object.keys(twin.components.schemas), Object.keys(contract.components.schemas))
    t.strictSame(Object.keys(twin.paths), Object.keys(contract.paths))
    t.notMatch(JSON.stringify(twin), /"type":\[|"const":|"examples":\[/)
    const nullables = (document: object) =>
      JSON.stringify(document).match(/"type":\["\w+","null"\]|"nullable":true/g)?.length
    t.equal(nullables(twin), nullables(contract))
  }
)
