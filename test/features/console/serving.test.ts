import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
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
const sources = globSync('**/*.{js,css,html,svg,webmanifest}', { cwd: PUBLIC }).map((name) => ({
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
  t.ok(assets.length >= 6)
  const types: Record<string, string> = {
    js: 'text/javascript; charset=utf-8',
    css: 'text/css; charset=utf-8',
    svg: 'image/svg+xml',
    png: 'image/png',
    webmanifest: 'application/manifest+json'
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
})

t.test('files are compressed for whoever takes that, each with an ETag of its own', async (t) => {
  const read = (encoding?: string, etag?: string) =>
    app.inject({
      url: '/app/',
      headers: {
        ...(encoding !== undefined && { 'accept-encoding': encoding }),
        ...(etag !== undefined && { 'if-none-match': etag })
      }
    })
  const plain = await read()
  t.match(plain.headers.vary, /accept-encoding/)
  for (const accepted of ['gzip', 'gzip, deflate, br, zstd', 'br;q=1.0, gzip;q=0.5', '*']) {
    const response = await read(accepted)
    t.equal(response.headers['content-encoding'], 'gzip', accepted)
    t.strictSame(gunzipSync(response.rawPayload), plain.rawPayload, accepted)
    t.not(response.headers.etag, plain.headers.etag)
    t.equal((await read(accepted, response.headers.etag)).statusCode, 304)
    t.equal((await read(accepted, plain.headers.etag)).statusCode, 200)
  }
  for (const refused of ['', 'identity', 'br', 'gzip;q=0', 'gzip; q=0.000, br', 'xgzip']) {
    t.equal((await read(refused)).headers['content-encoding'], undefined, refused)
  }
})

t.test('libraries are served whole, small and from this server alone', async (t) => {
  const base = `/app/${(assets[0] as string).split('/')[2]}/`
  for (const [entry, maxBytes] of [
    ['vendor/marked/marked.esm.js', 20_000],
    ['vendor/chrono-node/locales/en/index.js', 40_960]
  ] as const) {
    const found = new Map<string, Buffer>()
    const visit = async (url: string) => {
      const response = await app.inject(url)
      t.match(response, { statusCode: 200, headers: { 'content-type': /^text\/javascript/ } }, url)
      found.set(url, gzipSync(response.rawPayload))
      t.notMatch(response.body, /sourceMappingURL|\beval\(|new Function|\.innerHTML/, url)
      for (const [, path = ''] of response.body.matchAll(/\bfrom ?["']([^"']+)["']/g)) {
        const next = new URL(path, `http://localhost${url}`).pathname
        if (!found.has(next)) {
          await visit(next)
        }
      }
    }
    await visit(base + entry)
    const bytes = [...found.values()].reduce((sum, { length }) => sum + length, 0)
    t.ok(bytes < maxBytes, `${entry} takes ${bytes} bytes, compressed`)
  }
})

t.test('the manifest names the page and icons that exist, in their sizes', async (t) => {
  const url = assets.find((asset) => asset.endsWith('.webmanifest')) as string
  const manifest = (await app.inject(url)).json()
  const resolve = (path: string) => new URL(path, `http://localhost${url}`).pathname
  t.equal(resolve(manifest.start_url), '/app/')
  t.equal(resolve(manifest.scope), '/app/')
  for (const { src, type, sizes } of manifest.icons) {
    const icon = await app.inject(resolve(src))
    t.match(icon, { statusCode: 200, headers: { 'content-type': type } }, src)
    if (type === 'image/png') {
      const [width, height] = [icon.rawPayload.readUInt32BE(16), icon.rawPayload.readUInt32BE(20)]
      t.equal(`${width}x${height}`, sizes)
    }
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
    for (const url of ['/app/', ...assets.filter((asset) => asset.endsWith('.svg'))]) {
      const policy = String((await app.inject(url)).headers['content-security-policy'])
      for (const rule of [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "manifest-src 'self'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'"
      ]) {
        t.ok(policy.split('; ').includes(rule), rule)
      }
      t.notMatch(policy, /unsafe|https?:|\*/)
    }
    for (const url of assets.filter((asset) => !asset.endsWith('.svg'))) {
      const policy = (await app.inject(url)).headers['content-security-policy']
      t.equal(policy, "default-src 'none'; frame-ancestors 'none'", `${url} is no document`)
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
