import type { AddressInfo } from 'node:net'
import { eq } from 'drizzle-orm'
import { pino } from 'pino'
import t from 'tap'
import { catalogue } from '../../../src/core/problem.ts'
import { users } from '../../../src/db/tables/users.ts'
import { importJob } from '../../../src/features/imports/job.ts'
import { accepted, IMPORTS, rows } from '../../support/imports.ts'
import { rawHttp, requestText } from '../../support/raw-http.ts'
import { createTestApp } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

const { request } = await createTestApp(t)
const codes = Object.keys(catalogue)
const pathOf = (code: string) => `/problems/${code.replaceAll('_', '-')}`

t.test('the type of every problem is the URL of a page that explains it', async (t) => {
  for (const [code, [status, title]] of Object.entries(catalogue)) {
    const page = await request({ url: pathOf(code) })
    t.match(page, { statusCode: 200, headers: { 'content-type': 'text/html; charset=utf-8' } })
    for (const part of [`<code>${code}</code>`, String(status), `<h1>${title}</h1>`]) {
      t.ok(page.body.includes(part), `${code}: ${part}`)
    }
    t.equal((await request({ url: `/problems/${code}` })).body, page.body, 'by its code as well')
  }
})

t.test('one page lists all problems, and every link of it leads to one', async (t) => {
  const index = await request({ url: '/problems' })
  const links = [...index.body.matchAll(/href="(\/problems\/[^"]+)"/g)].map(([, link]) => link)
  t.strictSame(links.sort(), codes.map(pathOf).sort())
  t.equal((await request({ url: '/' })).json().links.problems, '/problems')
})

t.test(
  'a page needs no script, and its policy allows its own style and nothing else',
  async (t) => {
    for (const url of ['/problems', '/problems/not-found', '/problems/rate-limited']) {
      const { body, headers } = await request({ url })
      t.match(body, /^<!doctype html>\n<html lang="en">/)
      t.match(body, /<meta name="viewport" content="width=device-width, initial-scale=1">/)
      t.notMatch(body, /<script|\son\w+=|style=|src=/i)
      t.match(
        headers['content-security-policy'],
        /^default-src 'none'; style-src 'sha256-[\w+/]+='; [^:*]*frame-ancestors 'none'$/
      )
      t.notMatch(headers['content-security-policy'], 'unsafe')
      t.equal(headers['x-content-type-options'], 'nosniff')
    }
  }
)

t.test('a page for a code that does not exist is a 404 like any other', async (t) => {
  for (const name of [
    'nothing',
    'constructor',
    '__proto__',
    'Not-Found',
    'not_found-',
    'rate_limited-x'
  ]) {
    const answer = await request({ url: `/problems/${name}` })
    t.match(answer.json(), { status: 404, code: 'not_found' }, name)
  }
  t.equal((await request({ method: 'POST', url: '/problems/not-found' })).statusCode, 405)
})

t.test('a type leads to the server that sent it, whatever host a request names', async (t) => {
  const { app: local } = await createTestApp(t)
  await local.listen({ host: '127.0.0.1', port: 0 })
  const { port } = local.server.address() as AddressInfo
  const own = `http://127.0.0.1:${port}`
  const lost = (await (await fetch(`${own}/nope`)).json()) as { type: string }
  t.equal(lost.type, `${own}/problems/not-found`)
  t.match(await (await fetch(lost.type)).text(), '<code>not_found</code>')
  const [forged] = await rawHttp(port, requestText('GET /nope', { Host: 'evil.example' }))
  t.equal(JSON.parse(forged?.body ?? '').type, `${own}/problems/not-found`)
  const [malformed] = await rawHttp(port, 'nonsense\r\n\r\n')
  t.equal(JSON.parse(malformed?.body ?? '').type, `${own}/problems/malformed-request`)
})

t.test('in a batch and in an import, types lead to the same pages', async (t) => {
  const PUBLIC_URL = 'https://example.com/office'
  const site = await createTestApp(t, { env: { PUBLIC_URL } })
  const { db, config } = site
  const ann = await site.signUp()
  const batch = await ann.post('/api/v1/task-batches', {
    atomic: false,
    operations: [{ op: 'delete', id: ann.user.id }]
  })
  t.match(batch.json().results[0].problem, {
    type: `${PUBLIC_URL}/problems/not-found`,
    instance: '/office/api/v1/task-batches'
  })
  const { id } = await accepted(ann, rows(3))
  await db.update(users).set({ disabled: true }).where(eq(users.id, ann.user.id))
  const log = pino({ level: 'silent' })
  while (await importJob({ db, config, log }).runOnce(() => true)) {}
  await db.update(users).set({ disabled: false }).where(eq(users.id, ann.user.id))
  const list = await ann.get(IMPORTS)
  for (const failed of [list.json().data[0], (await ann.get(`${IMPORTS}/${id}`)).json()]) {
    t.match(failed.problem, {
      type: `${PUBLIC_URL}/problems/account-disabled`,
      instance: `/office${IMPORTS}/${id}`
    })
  }
  const page = await site.request({ url: '/office/problems/not-found' })
  t.ok(page.body.includes('href="/office/problems"'))
  t.ok(page.body.includes(`${PUBLIC_URL}/problems/not-found`))
})

t.test('an address that is banned automatically can still read why', async (t) => {
  const site = await createTestApp(t, {
    env: { RATE_LIMIT: 'on', RATE_LIMIT_AUTH: '1000' }
  })
  const ask = (options: { url: string; method?: 'POST'; payload?: object }) =>
    site.request({ ...options, remoteAddress: '203.0.113.1' })
  const payload = { reset_id: '019f2f6e-7c1a-7eee-8eee-0123456789ab', otp: '00000000' }
  for (let tries = 0; tries < 20; tries++) {
    await ask({ method: 'POST', url: '/api/v1/auth/verify-otp', payload })
  }
  await waitUntil('the ban', async () => (await ask({ url: '/' })).statusCode === 403)
  const { type, code } = (await ask({ url: '/' })).json()
  t.equal(code, 'ip_banned')
  t.equal((await ask({ url: new URL(type).pathname })).statusCode, 200)
})
