import type { Page } from 'playwright-core'
import t from 'tap'
import { CHANGE_TYPES } from '../../../src/core/change-feed.ts'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import { secondInstance } from '../../support/second-instance.ts'
import { waitUntil } from '../../support/wait-until.ts'

const STREAM = /\/api\/v1\/changes\/stream/
const isStream = (request: { url(): string }) => STREAM.test(request.url())
const row = (page: Page, title: string) => page.locator('.task', { hasText: title })
/** The stream of a page, once the server has answered. */
const opened = (page: Page) => page.waitForResponse(STREAM)
/** Its end: the page breaks it off, or after a log-out the server, whoever is first. */
const ended = (page: Page) =>
  new Promise<void>((resolve) => {
    for (const event of ['requestfailed', 'requestfinished'] as const) {
      page.on(event as 'requestfailed', (request) => {
        if (isStream(request)) {
          resolve()
        }
      })
    }
  })

/** Tells the page that its tab is hidden, or not any more. */
const setHidden = (page: Page, isHidden: boolean) =>
  page.evaluate(`{
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${isHidden} })
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
  }`)

t.test('the stream of changes of a tab', { skip: withoutBrowser }, async (t) => {
  const { app, database, config, origin, signUp, visit, pageFindings } =
    await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  const bob = await signUp('user', 'bob')

  t.test('one that is refused is opened again later, and what was missed is shown', async (t) => {
    const { page, context, logIn } = await visit({ expectedStatuses: [429, 503, 410] })
    const refused: string[] = []
    const refuse = (url: RegExp, status: number, times: number) =>
      page.route(
        url,
        (route) => {
          refused.push(`${status} ${route.request().method()}`)
          const headers = { 'retry-after': '1', 'content-type': 'application/problem+json' }
          return route.fulfill({ status, headers, body: JSON.stringify({ status, code: 'no' }) })
        },
        { times }
      )
    await refuse(/\/changes$/, 503, 1)
    await refuse(/\/changes\/tickets$/, 429, 1)
    await refuse(STREAM, 429, 2)
    await logIn('ann')
    await page.getByText('You have no open tasks').waitFor()
    await ann.create({ title: 'Made before the stream' })
    await row(page, 'Made before the stream').waitFor()
    await waitUntil('all refusals', () => refused.length === 4)
    await opened(page)
    await ann.create({ title: 'Made with the stream' })
    await row(page, 'Made with the stream').waitFor()
    t.strictSame(refused, ['503 GET', '429 POST', '429 GET', '429 GET'])
    t.equal(await page.locator('.banner').count(), 0, 'nobody is bothered with it')
    await context.close()
  })

  t.test('a cursor that has expired has the list loaded anew', async () => {
    const { page, context, logIn } = await visit({ expectedStatuses: [410] })
    await logIn('ann')
    await row(page, 'Made with the stream').waitFor()
    await page.clock.install()
    await setHidden(page, true)
    const end = ended(page)
    await page.clock.fastForward(60_000)
    await end
    const body = JSON.stringify({ status: 410, code: 'cursor_expired' })
    const isLater = /\/changes\?cursor=/
    await page.route(isLater, (route) => route.fulfill({ status: 410, body }), { times: 1 })
    await ann.create({ title: 'Made a month later' })
    await setHidden(page, false)
    await row(page, 'Made a month later').waitFor()
    await context.close()
  })

  t.test('a tab in the background gives it back, and goes on where it was', async () => {
    const { page, context, logIn } = await visit()
    await page.clock.install()
    const first = opened(page)
    await logIn('ann')
    await first
    await row(page, 'Made a month later').waitFor()
    await setHidden(page, true)
    const end = ended(page)
    await page.clock.fastForward(60_000)
    await end
    await ann.create({ title: 'Made in the background' })
    const next = opened(page)
    await setHidden(page, false)
    await next
    await row(page, 'Made in the background').waitFor()
    await context.close()
  })

  t.test('a laptop that was asleep, and one that was offline, catch up', async () => {
    const { page, context, logIn } = await visit({ allowNetworkErrors: true })
    await page.clock.install()
    const first = opened(page)
    await logIn('ann')
    await first
    const next = opened(page)
    await page.clock.fastForward(120_000)
    await next
    await ann.create({ title: 'Made after the sleep' })
    await row(page, 'Made after the sleep').waitFor()
    await context.setOffline(true)
    await ann.create({ title: 'Made behind the mountain' })
    await context.setOffline(false)
    await row(page, 'Made behind the mountain').waitFor()
    await context.close()
  })

  t.test('one that is silently dead is noticed', async () => {
    const { page, context, logIn } = await visit()
    await page.clock.install()
    await page.route(STREAM, () => {}, { times: 1 })
    const first = page.waitForRequest(STREAM)
    await logIn('ann')
    await first
    await ann.create({ title: 'Made in silence' })
    await page.clock.runFor(70_000)
    await row(page, 'Made in silence').waitFor()
    await context.close()
  })

  t.test('it ends with the log-out, and the next user has their own', async (t) => {
    const { page, context, logIn } = await visit()
    const first = opened(page)
    await logIn('ann')
    await first
    const end = ended(page)
    await page.getByRole('button', { name: 'Log out' }).click()
    await end
    const next = opened(page)
    await logIn('bob')
    await next
    await bob.create({ title: 'Of bob alone' })
    await row(page, 'Of bob alone').waitFor()
    t.equal(await page.locator('.task').count(), 1)
    await context.close()
  })

  t.test('a server that restarts is found again', async (t) => {
    const { page, logIn } = await visit({ allowNetworkErrors: true, expectedStatuses: [503] })
    const first = opened(page)
    await logIn('ann')
    await first
    await row(page, 'Made behind the mountain').waitFor()
    await page.getByLabel('Title of a new task').fill('Half a thou')
    await app.close()
    const second = await secondInstance(t, { database, config })
    await second({
      method: 'POST',
      url: '/api/v1/tasks',
      headers: { authorization: `Bearer ${ann.access_token}` },
      payload: { title: 'Made while it restarted' }
    })
    await second.listen(Number(new URL(origin).port))
    await row(page, 'Made while it restarted').waitFor()
    t.equal(await page.getByLabel('Title of a new task').inputValue(), 'Half a thou')
    t.equal(await page.locator('.banner').count(), 0, 'nobody is bothered with it')
  })

  t.test('the console listens to every type of change', async (t) => {
    const path = '../../../src/features/console/public/lib/change-types.js'
    t.strictSame((await import(path)).CHANGE_TYPES, CHANGE_TYPES)
    const form = '../../../src/features/console/public/pages/webhooks/types.js'
    t.strictSame(
      [...(await import(form)).KNOWN].sort(),
      [...CHANGE_TYPES].sort(),
      'each can be chosen'
    )
  })

  t.test('no page reports an error or makes an undocumented call', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
