import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { type Server, startServer } from '../support/command.ts'
import { createTestDatabase, serverUrl } from '../support/database.ts'
import { form, rows } from '../support/imports.ts'
import { PROXIES } from '../support/proxies.ts'
import { PASSWORD } from '../support/test-app.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Loopback too, and not the address from which the proxy itself comes. */
const CLIENT = '127.0.3.2'
const CLIENT_NETWORK = '127.0.3.0/24'
const ROWS = 5000

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

/** Sends a request from an address of its own. */
const send = (
  port: number,
  method: string,
  path: string,
  { payload, headers = {} }: { payload?: string | Buffer; headers?: Record<string, string> } = {}
) =>
  new Promise<Answer>((resolve, reject) => {
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, localAddress: CLIENT, method, path, agent: false, headers },
      async (response) => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: await text(response)
        })
      }
    )
    outgoing.on('error', reject)
    outgoing.end(payload)
  })

async function startTwo(t: Test): Promise<Server[]> {
  const database = await createTestDatabase()
  t.teardown(() => database.close())
  const env = {
    DATABASE_URL: database.url ?? '',
    JWT_SECRET: 'one secret for both of the processes: 4711',
    TRUST_PROXY: '127.0.0.1/32',
    PUBLIC_URL: 'https://tasks.example.com',
    LOG_LEVEL: 'info',
    IMPORT_MAX_BYTES: '1048576',
    DRAIN_SECONDS: '0'
  }
  const first = await startServer(t, env, t.testdir())
  return [first, await startServer(t, env, t.testdir())]
}

const lines = (server: Server): (() => number) => {
  let count = 0
  server.child.stdout?.on('data', (said: string) => {
    count += said.split('"request completed"').length - 1
  })
  return () => count
}

for (const [name, proxy] of Object.entries(PROXIES)) {
  const skip = proxy.missing || (serverUrl === undefined && 'two processes need TEST_DATABASE_URL')

  t.test(
    `the configuration for ${name} is accepted as it is`,
    { skip: proxy.missing },
    async (t) => {
      t.equal(proxy.check(t), '')
    }
  )

  t.test(
    `two processes serve behind ${name} as the documents configure it`,
    { skip },
    async (t) => {
      const servers = await startTwo(t)
      const counts = servers.map(lines)
      const { port, log } = await proxy.start(
        t,
        servers.map((server) => server.port)
      )
      const json = { 'content-type': 'application/json' }
      const account = await send(port, 'POST', '/api/v1/auth/register', {
        payload: JSON.stringify({ username: 'ann', password: PASSWORD }),
        headers: { ...json, 'x-forwarded-for': '203.0.113.9' }
      })
      t.equal(account.status, 201)
      const authorization = `Bearer ${JSON.parse(account.body).access_token}`
      const get = (path: string) => send(port, 'GET', path, { headers: { authorization } })

      await t.test('clients have their own IP address, whatever they claim', async (t) => {
        const sessions = JSON.parse((await get('/api/v1/auth/sessions')).body)
        t.match(sessions.data, [{ address_prefix: CLIENT_NETWORK }])
      })

      await t.test('links and headers are those of PUBLIC_URL', async (t) => {
        const document = await get('/openapi.json')
        t.match(JSON.parse(document.body).servers, [{ url: 'https://tasks.example.com' }])
        t.match(document.headers['strict-transport-security'], /max-age/)
      })

      await t.test('both processes get requests', async (t) => {
        await waitUntil('requests at both', async () => {
          await get('/api/v1/me')
          return counts.every((count) => count() > 2)
        })
        t.pass('both have logged some')
      })

      await t.test('an upload and an export pass through without touching a disk', async (t) => {
        const { payload, headers } = form({ content: rows(ROWS), name: 'many.csv' })
        const upload = await send(port, 'POST', '/api/v1/task-imports', {
          payload,
          headers: { ...headers, authorization, 'content-length': String(payload.length) }
        })
        t.equal(upload.status, 202, upload.body)
        const { id } = JSON.parse(upload.body)
        await waitUntil('the import', async () => {
          const { body } = await get(`/api/v1/task-imports/${id}`)
          return JSON.parse(body).status === 'succeeded'
        })
        const exported = await get('/api/v1/task-exports/csv')
        t.equal(exported.headers['transfer-encoding'], 'chunked')
        t.equal(exported.body.trimEnd().split('\n').length, ROWS + 1)
        t.notMatch(log(), /temporary file/)
      })

      await t.test('what is too large is refused by Tasklane in its own words', async (t) => {
        const { payload, headers } = form({
          content: Buffer.alloc(2_000_000, 'a\n'),
          name: 'a.csv'
        })
        const { status, body } = await send(port, 'POST', '/api/v1/task-imports', {
          payload,
          headers: { ...headers, authorization, 'content-length': String(payload.length) }
        })
        t.equal(status, 413, body.slice(0, 500))
        t.match(JSON.parse(body), { code: 'body_too_large' })
      })

      await t.test('when one process is stopped, the other serves every request', async (t) => {
        t.equal((await servers[0]?.stop('SIGTERM'))?.code, 0)
        for (let i = 0; i < 10; i++) {
          t.equal((await get('/api/v1/me')).status, 200)
        }
      })

      await t.test('when none is left, the answer is a problem', async (t) => {
        t.equal((await servers[1]?.stop('SIGTERM'))?.code, 0)
        const { status, headers, body } = await get('/api/v1/me')
        t.match(
          [status, headers, JSON.parse(body)],
          [
            503,
            { 'content-type': /^application\/problem\+json/, 'retry-after': '5' },
            { status: 503, code: 'unavailable' }
          ]
        )
      })
    }
  )
}
