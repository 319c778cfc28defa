import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { operationOf } from '../../support/contract.ts'
import { createTestApp } from '../../support/test-app.ts'

const PUBLIC = fileURLToPath(new URL('../../../src/features/console/public/', import.meta.url))
const sources = globSync('**/*.*', { cwd: PUBLIC }).map((name) => ({
  name: name.replaceAll('\\', '/'),
  text: readFileSync(`${PUBLIC}${name}`, 'utf8')
}))

const { app } = await createTestApp(t)
const page = await app.inject('/app/')
const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(
  ([, address]) => address as string
)

t.test('the page and everything that it names are served, each as what it is', async (t) => {
  t.match(page, {
    statusCode: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff'
    }
  })
  t.ok(assets.length > 20)
  const types: Record<string, string> = {
    js: 'text/javascript; charset=utf-8',
    css: 'text/css; charset=utf-8',
    svg: 'image/svg+xml'
  }
  for (const address of assets) {
    t.match(
      await app.inject(address),
      {
        statusCode: 200,
        headers: {
          'content-type': types[address.split('.').at(-1) as string],
          'cache-control': 'public, max-age=31536000, immutable'
        }
      },
      address
    )
  }
  for (const { name } of sources.filter(({ name }) => name.endsWith('.js'))) {
    t.ok(
      assets.some((address) => address.endsWith(`/${name}`)),
      `${name} is fetched ahead`
    )
  }
})

t.test('/app leads to /app/', async (t) => {
  t.match(await app.inject('/app'), { statusCode: 308, headers: { location: '/app/' } })
})

t.test('who has it already is spared it', async (t) => {
  for (const url of ['/app/', assets[0] as string]) {
    const {
      headers: { etag }
    } = await app.inject(url)
    t.match(etag, /^"[\w-]{43}"$/)
    t.match(
      await app.inject({ url, headers: { 'if-none-match': String(etag) } }),
      { statusCode: 304, body: '' },
      url
    )
    t.equal((await app.inject({ url, headers: { 'if-none-match': '"x"' } })).statusCode, 200, url)
  }
})

t.test(
  'a page of another version, met during a deployment, gets the file but may not keep it',
  async (t) => {
    t.match(await app.inject('/app/another-version/main.js'), {
      statusCode: 200,
      headers: { 'cache-control': 'no-cache' }
    })
  }
)

t.test(
  'the policy allows this server and nothing else: nothing inline, no eval, no markup from text',
  async (t) => {
    for (const url of ['/app/', ...assets]) {
      const policy = String((await app.inject(url)).headers['content-security-policy'])
      for (const rule of [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'"
      ]) {
        t.ok(policy.split('; ').includes(rule), rule)
      }
      t.notMatch(policy, /unsafe|https?:|\*/)
    }
    t.notMatch(page.body, /<script(?![^>]*src=)|<style|\son\w+=|style="|https?:/i)
  }
)

t.test('only what belongs to the console can be had under its address', async (t) => {
  for (const path of [
    'index.html',
    'nothing.js',
    '../routes.ts',
    '..%2froutes.ts',
    '..%2f..%2f..%2fpackage.json',
    '%2e%2e/%2e%2e/routes.ts',
    'lib',
    'lib/',
    '',
    '.hidden',
    'lib%2fapi.js%00'
  ]) {
    t.equal((await app.inject(`/app/v/${path}`)).statusCode === 200, false, path)
  }
  t.match(await app.inject({ method: 'POST', url: '/app/' }), {
    statusCode: 405,
    headers: { allow: 'GET, HEAD' }
  })
})

t.test(
  'the page knows what the installation asks of passwords, and whether there are letters',
  async (t) => {
    t.match(page.body, /data-password-min="8" data-letters="on" data-verification="optional"/)
    const { app: strict } = await createTestApp(t, {
      env: { PASSWORD_MIN_LENGTH: '15', EMAIL_ENABLED: 'off', EMAIL_VERIFICATION: 'optional' }
    })
    t.match(
      (await strict.inject('/app/')).body,
      /data-password-min="15" data-letters="off" data-verification="off"/
    )
  }
)

t.test('it can be turned off', async (t) => {
  const { app: bare } = await createTestApp(t, { env: { CONSOLE_ENABLED: 'off' } })
  for (const url of ['/app', '/app/', assets[0] as string]) {
    t.equal((await bare.inject(url)).statusCode, 404, url)
  }
  t.equal((await bare.inject('/')).json().links.console, undefined)
  t.equal((await app.inject('/')).json().links.console, '/app/')
})

t.test(
  'its sources keep the budget of the house and never make markup, code or styles from text',
  async (t) => {
    for (const { name, text } of sources) {
      t.ok(text.split('\n').length <= 221, `${name} has at most 220 lines`)
      t.notMatch(
        text,
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|\beval\(|new Function|setHTML|srcdoc/,
        name
      )
      t.notMatch(
        text.replaceAll('http://www.w3.org/2000/svg', ''),
        /https?:\/\//,
        `${name} names no other server`
      )
    }
  }
)

t.test('every call that stands in its sources is in the contract', async (t) => {
  const calls = sources.flatMap(({ name, text }) =>
    [...text.matchAll(/\b(?:call|upload)\((?:'([A-Z]+)', )?[`']([^`']+)[`']/g)].map(
      ([, method = 'POST', path = '']) => ({
        name,
        method,
        path: `/api/v1${path.replace(/\$\{[^}]+\}/g, 'x')}`
      })
    )
  )
  t.ok(calls.length > 40)
  for (const { name, method, path } of calls) {
    t.ok(operationOf(method, path), `${method} ${path} in ${name}`)
  }
})
