import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { composeFeatures } from '../../src/features.ts'
import { hiddenRoutes } from '../support/hidden-routes.ts'
import { createTestApp } from '../support/test-app.ts'

/** A route that streams until the test ends, and how many chunks of it were made. */
let made = 0
let isOver = false
t.teardown(() => {
  isOver = true
})
const endless = hiddenRoutes('/endless', async (app) => {
  app.get('/', { config: { allow: 'anyone' }, schema: { hide: true } }, (_request, reply) => {
    const chunks = async function* () {
      while (!isOver) {
        made++
        yield Buffer.alloc(1000)
        await nextTurn()
      }
    }
    return reply.type('text/plain').send(Readable.from(chunks(), { objectMode: false }))
  })
})

const { app, db, request, signUp } = await createTestApp(t, {
  features: [...composeFeatures(), endless]
})
const ann = await signUp()
const task = await ann.create({ title: 'x' })
const authorization = `Bearer ${ann.access_token}`

await app.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.server.address() as AddressInfo

/** Sends HEAD over a socket of its own, and hangs up after the headers. */
async function headAndHangUp(path: string): Promise<IncomingMessage> {
  const sent = httpRequest({
    method: 'HEAD',
    host: '127.0.0.1',
    port,
    path,
    agent: false,
    headers: { authorization }
  }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  sent.destroy()
  return response
}

t.test('HEAD never runs a stream, whoever wrote the route', async (t) => {
  const response = await headAndHangUp('/endless/')
  t.match(response, { statusCode: 200, headers: { 'content-type': 'text/plain' } })
  t.notHas(response.headers, { 'content-length': /.*/ }, 'nobody knows the length')
  const before = made
  for (let turn = 0; turn < 100; turn++) {
    await nextTurn()
  }
  t.ok(before <= 2, `${before} chunks`)
  t.equal(made, before)
})

t.test('HEAD of the export has the headers of the file and reads no task', async (t) => {
  const url = '/api/v1/task-exports/csv'
  const { headers } = await ann.get(url)
  await db.execute(sql`alter table tasks rename to renamed`)
  t.teardown(() => db.execute(sql`alter table renamed rename to tasks`))
  for (let i = 0; i < 25; i++) {
    const response = await headAndHangUp(url)
    t.equal(response.statusCode, 200)
    t.equal(response.headers['content-type'], headers['content-type'])
    t.equal(response.headers['content-disposition'], headers['content-disposition'])
  }
  t.equal((await ann.send({ method: 'HEAD', url: `${url}?scope=all` })).statusCode, 403)
  t.equal((await request({ method: 'HEAD', url })).statusCode, 401)
})

t.test('every path that answers GET answers HEAD with the same status and no body', async (t) => {
  for (const [path, operations] of Object.entries(app.contract().paths)) {
    // A stream does not end.
    if (!('get' in operations) || path.endsWith('/stream')) {
      continue
    }
    const url = path.replace('{task_id}', task.id).replace(/\{[^}]+\}/g, ann.user.id)
    const [get, head] = [await ann.get(url), await ann.send({ method: 'HEAD', url })]
    t.equal(head.statusCode, get.statusCode, url)
    t.equal(head.body, '', url)
    t.equal(head.headers['content-type'], get.headers['content-type'], url)
  }
})
