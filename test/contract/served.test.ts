import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { rawHttp, requestText } from '../support/raw-http.ts'
import { createTestApp } from '../support/test-app.ts'

const DOCUMENTS = ['openapi.json', 'openapi-3.0.json']
const committed = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../openapi/${name}`, import.meta.url), 'utf8'))

const { app } = await createTestApp(t, {
  env: { PUBLIC_URL: 'https://tasks.example.org', DOCS_ENABLED: 'on' }
})

t.test(
  'the served contract and its twin are the committed ones, apart from the server they name',
  async (t) => {
    for (const name of DOCUMENTS) {
      const answer = await app.inject(`/${name}`)
      t.equal(answer.statusCode, 200)
      t.match(answer.headers['content-type'], /^application\/json/)
      const { servers, ...rest } = answer.json()
      t.strictSame(servers, [
        { url: 'https://tasks.example.org', description: 'Your installation' }
      ])
      t.strictSame({ ...rest, servers: committed(name).servers }, committed(name))
      t.notMatch(answer.body, /oauth2/)
    }
  }
)

t.test('a caller that has the contract already gets a 304', async (t) => {
  const tags = await Promise.all(
    DOCUMENTS.map(async (name) => (await app.inject(`/${name}`)).headers.etag)
  )
  t.not(tags[0], tags[1])
  for (const [i, etag] of tags.entries()) {
    const url = `/${DOCUMENTS[i]}`
    for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await app.inject({ url, headers: { 'if-none-match': tag } })
      t.match(again, { statusCode: 304, body: '', headers: { etag } }, `${url} ${tag}`)
    }
    t.equal((await app.inject({ url, headers: { 'if-none-match': '"x"' } })).statusCode, 200)
  }
})

t.test('no caller can put a URL of their own into the contract', async (t) => {
  const { app: local } = await createTestApp(t)
  await local.listen({ host: '127.0.0.1', port: 0 })
  const { port } = local.server.address() as AddressInfo
  const [answer] = await rawHttp(
    port,
    requestText('GET /openapi.json', {
      Host: 'evil.example',
      'X-Forwarded-Host': 'evil.example',
      Forwarded: 'host=evil.example'
    })
  )
  t.strictSame(JSON.parse(answer?.body ?? '{}').servers, [
    { url: `http://127.0.0.1:${port}`, description: 'Your installation' }
  ])
})
