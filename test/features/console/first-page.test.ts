import type { Locator } from 'playwright-core'
import t from 'tap'
import {
  createBrowserTestApp,
  fillLogin,
  type Visitor,
  withoutBrowser
} from '../../support/browser.ts'
import { waitUntil } from '../../support/wait-until.ts'

const MAX_BYTES = 200 * 1024
/** Page, style, two scripts, the modules of later pages, and the logo; then what the page asks of the API. */
const MAX_FILES = 8
const MAX_CALLS = 8

/** Counts what comes over the wire from now on, with all headers, as the browser sees it. */
async function meter({ page, context }: Visitor) {
  const session = await context.newCDPSession(page)
  const sizes = new Map<string, { url: string; bytes: number; isWhole?: boolean }>()
  session.on('Network.responseReceived', ({ requestId, response }) => {
    sizes.set(requestId, { url: response.url, bytes: response.encodedDataLength })
  })
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const size = sizes.get(requestId)
    if (size) {
      sizes.set(requestId, { ...size, bytes: encodedDataLength, isWhole: true })
    }
  })
  await session.send('Network.enable')
  await session.send('Network.setCacheDisabled', { cacheDisabled: true })
  return {
    has: (part: string) =>
      [...sizes.values()].some(({ url, isWhole }) => isWhole && url.includes(part)),
    reset: () => sizes.clear(),
    read: () => {
      const all = [...sizes.values()]
      return {
        bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
        files: all.filter(({ url }) => /\/app\/(?!session)/.test(url)).length,
        calls: all.filter(({ url }) => /\/(api|session)\//.test(url)).length
      }
    }
  }
}

/** Returns what is painted while the modules are missing, and then with the page. */
async function frames({ page }: Visitor, content: Locator) {
  const read = async () => ({
    brand: await page.locator('.brand:visible').boundingBox(),
    isShell: await page.locator('.shell').isVisible()
  })
  await page.route(/\/main\.js/, (route) => route.abort())
  await page.reload()
  await page.locator('.loading:visible').waitFor()
  const painted = await read()
  await page.unroute(/\/main\.js/)
  await page.reload()
  await content.waitFor()
  return { painted, shown: await read() }
}

t.test('the first page', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings } = await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  for (let i = 1; i <= 60; i++) {
    await ann.create({ title: `Task ${i}`, tags: ['home'], due_date: '2030-01-01' })
  }

  for (const [device, viewport] of [
    ['a telephone', { width: 390, height: 844 }],
    ['a desktop', { width: 1280, height: 800 }]
  ] as const) {
    t.test(`takes 200 KiB at most with all headers, on ${device}`, async (t) => {
      const visitor = await visit({ viewport })
      const { page, open } = visitor
      const wire = await meter(visitor)
      const isLoaded = () => wire.has('/later.js')
      await open('#/tasks')
      await page.getByLabel('Username or email').waitFor()
      await waitUntil('loading what comes later', isLoaded)
      const loggedOut = wire.read()
      t.ok(loggedOut.bytes <= MAX_BYTES, `the log-in takes ${JSON.stringify(loggedOut)}`)
      t.ok(loggedOut.files <= MAX_FILES)

      await fillLogin(page, 'ann')
      await page.locator('a.task-title').first().waitFor()
      wire.reset()
      await page.reload()
      await page.locator('a.task-title').first().waitFor()
      await waitUntil('loading what comes later', isLoaded)
      const signedIn = wire.read()
      t.ok(signedIn.bytes <= MAX_BYTES, `the tasks take ${JSON.stringify(signedIn)}`)
      t.ok(signedIn.files <= MAX_FILES)
      t.ok(signedIn.calls <= MAX_CALLS)
      await visitor.context.close()
    })

    t.test(`is painted in its frame before any module has come, on ${device}`, async (t) => {
      const visitor = await visit({ viewport, allowNetworkErrors: true })
      const { page, context, open } = visitor
      await open('#/tasks')
      const logIn = await frames(visitor, page.getByLabel('Username or email'))
      t.strictSame(logIn.painted, logIn.shown, 'logged out')
      t.notOk(logIn.shown.isShell)
      await fillLogin(page, 'ann')
      const firstTask = page.locator('a.task-title').first()
      await firstTask.waitFor()
      const tasks = await frames(visitor, firstTask)
      t.strictSame(tasks.painted, tasks.shown, 'signed in')
      t.ok(tasks.shown.isShell)
      await context.close()
    })
  }

  t.test('pages that come later open, also before they have been loaded', async (t) => {
    const { page, context, logIn } = await visit()
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await page.route(/\/later\.js/, async (route) => {
      await held
      await route.continue()
    })
    await logIn('ann')
    await page.getByRole('link', { name: 'Projects' }).click()
    await page.locator('main').getByText('Loading…').waitFor()
    release()
    await page.getByText('Create project').or(page.getByText('New project')).first().waitFor()
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Projects')
    await context.close()
  })

  t.test('no page reports an error, and all calls are in the contract', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
