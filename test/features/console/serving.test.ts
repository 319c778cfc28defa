import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { operationOf } from '../../support/contract.ts'
import { createTestApp } from '../../support/test-app.ts'

/** What creates markup or code from text. */
const UNSAFE = new RegExp(
  [
    'innerHTML|outerHTML|insertAdjacentHTML|setHTML|srcdoc',
    'document\\.write|DOMParser|createContextualFragment',
    '\\beval\\(|new Function'
  ].join('|')
)
const PUBLIC = fileURLToPath(new URL('../../../src/features/console/public/', import.meta.url))
const sources = globSync('**/*.*', { cwd: PUBLIC }).map((name) => ({
  name: name.replaceAll('\\', '/'),
  text: readFileSync(`${PUBLIC}${name}`, 'utf8')
}))

const { app } = await createTestApp(t)
const page = await app.inject('/app/')
const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(
  ([, url = '']) => new URL(url, 'http://localhost/app/').pathname
)

t.test('the page and all files it references are served with their content types', async (t) => {
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
  for (const url of assets) {
    t.match(
      await app.inject(url),
      {
        statusCode: 200,
        headers: {
          'content-type': types[url.split('.').at(-1) as string],
          'cache-control': 'public, max-age=31536000, immutable'
        }
      },
      url
    )
  }
  for (const { name } of sources.filter(({ name }) => name.endsWith('.js'))) {
    t.ok(
      assets.some((url) => url.endsWith(`/${name}`)),
      `${name} is fetched ahead`
    )
  }
})

t.test('/app redirects to /app/', async (t) => {
  t.match(await app.inject('/app'), { statusCode: 308, headers: { location: '/app/' } })
})

t.test('a file that the browser already has is not sent again', async (t) => {
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
  'a file under another version, as during a deployment, is served but not cached',
  async (t) => {
    t.match(await app.inject('/app/another-version/main.js'), {
      statusCode: 200,
      headers: { 'cache-control': 'no-cache' }
    })
  }
)

t.test(
  'the content security policy allows only files of this server: no inline code, no eval, no markup from text',
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

t.test('only files of the console are served under its path', async (t) => {
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

t.test('the page knows the password rules and whether email is enabled', async (t) => {
  t.match(page.body, /data-password-min="8" data-email="on" data-verification="optional"/)
  const { app: strict } = await createTestApp(t, {
    env: { PASSWORD_MIN_LENGTH: '15', EMAIL_ENABLED: 'off', EMAIL_VERIFICATION: 'optional' }
  })
  t.match(
    (await strict.inject('/app/')).body,
    /data-password-min="15" data-email="off" data-verification="off"/
  )
})

t.test('the console can be disabled', async (t) => {
  const { app: withoutConsole } = await createTestApp(t, { env: { CONSOLE_ENABLED: 'off' } })
  for (const url of ['/app', '/app/', assets[0] as string]) {
    t.equal((await withoutConsole.inject(url)).statusCode, 404, url)
  }
  t.equal((await withoutConsole.inject('/')).json().links.console, undefined)
  t.equal((await app.inject('/')).json().links.console, '/app/')
})

t.test('sources are short and never create markup, code or styles from text', async (t) => {
  for (const { name, text } of sources) {
    t.ok(text.split('\n').length <= 301, `${name} has at most 300 lines`)
    t.notMatch(text, UNSAFE, name)
    t.notMatch(
      text.replaceAll('http://www.w3.org/2000/svg', ''),
      /https?:\/\//,
      `${name} refers to no other server`
    )
  }
})

t.test('all API calls in the sources are in the contract', async (t) => {
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
