import type { AddressInfo } from 'node:net'
import axe from 'axe-core'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import { operationOf } from './contract.ts'
import { OTHER_MACHINE, openBrowser, withoutBrowser } from './shared-browser.ts'
import { createTestApp, PASSWORD, type TestAppOptions } from './test-app.ts'

/** What the browser logs for responses of 400 and above, which a test may expect. */
const HTTP_ERROR = /^Failed to load resource: the server responded with a status of (\d{3})/
const NETWORK_ERROR = /^Failed to load resource: net::ERR_/
const TIMEOUT_MS = 20_000

export { OTHER_MACHINE, withoutBrowser }

interface Call {
  method: string
  path: string
  status: number
}
/** A page that was left while it renewed the session has spent the token of the next one, which asks once more. */
const OVERTAKEN = /status of 401 .*\/app\/session\/refresh$/

/** What all pages of a test did: errors and policy violations, and their calls to the API. */
interface PageLog {
  errors: string[]
  calls: Call[]
}
export type Visitor = ReturnType<typeof createVisitor>
interface VisitOptions extends BrowserContextOptions {
  /** The error statuses that are part of the test. Others count as errors of the page. */
  expectedStatuses?: number[]
  allowNetworkErrors?: boolean
}

/** Starts the real app on a port and a real browser. Both are closed with the test. */
export async function createBrowserTestApp(t: Test, options: TestAppOptions = {}) {
  const testApp = await createTestApp(t, options)
  await testApp.app.listen({ host: '127.0.0.1', port: 0 })
  const origin = `http://127.0.0.1:${(testApp.app.server.address() as AddressInfo).port}`
  const { browser, release } = await openBrowser()
  const contexts: BrowserContext[] = []
  t.teardown(async () => {
    await Promise.all(contexts.map((context) => context.close()))
    await release()
  })
  const log: PageLog = { errors: [], calls: [] }
  return {
    ...testApp,
    origin,
    calls: log.calls,
    /** Opens a browser context of its own, as for another person. */
    visit: async (options: VisitOptions = {}) => {
      const visitor = await visit(browser, log, origin, options)
      contexts.push(visitor.context)
      return visitor
    },
    /** Returns what no page may do: errors, policy violations, and calls that are not in the contract. */
    pageFindings: () => ({
      errors: log.errors,
      undocumentedCalls: log.calls.filter(({ method, path }) => !operationOf(method, path))
    })
  }
}

async function visit(
  browser: Browser,
  log: PageLog,
  origin: string,
  { expectedStatuses = [], allowNetworkErrors = false, ...options }: VisitOptions
) {
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    viewport: { width: 1200, height: 800 },
    reducedMotion: 'reduce',
    ...options
  })
  context.setDefaultTimeout(TIMEOUT_MS)
  const page = await context.newPage()
  const isExpected = (text: string) =>
    OVERTAKEN.test(text) ||
    (allowNetworkErrors && NETWORK_ERROR.test(text)) ||
    expectedStatuses.includes(Number(HTTP_ERROR.exec(text)?.[1]))
  recordPage(page, log, isExpected)
  return createVisitor(page, context, origin)
}

function createVisitor(page: Page, context: BrowserContext, origin: string) {
  const open = (hash = '') => page.goto(`${origin}/app/${hash}`)
  return {
    page,
    context,
    open,
    /** Opens the console and logs in, unless the browser is logged in already. */
    logIn: async (username: string, hash = '', password = PASSWORD) => {
      await open(hash)
      const side = page.locator('#side')
      const form = page.getByRole('heading', { name: 'Log in', exact: true })
      await side.or(form).first().waitFor({ state: 'attached' })
      if ((await side.count()) === 0) {
        await fillLogin(page, username, password)
        await side.waitFor({ state: 'attached' })
      }
    },
    accessibilityViolations: () => accessibilityViolations(page)
  }
}

export async function fillLogin(page: Page, username: string, password = PASSWORD): Promise<void> {
  await page.getByLabel('Username or email').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}

function recordPage(page: Page, { errors, calls }: PageLog, isExpected: (text: string) => boolean) {
  page.on('pageerror', (error) => {
    errors.push(`error: ${error.stack}`)
  })
  // The browser reports violations of the content security policy here, too.
  page.on('console', (message) => {
    const text = `${message.text()} ${message.location().url}`
    if (['error', 'warning'].includes(message.type()) && !isExpected(text)) {
      errors.push(`${message.type()}: ${text}`)
    }
  })
  page.on('response', (response) => {
    const { pathname } = new URL(response.url())
    if (!pathname.startsWith('/app/')) {
      calls.push({ method: response.request().method(), path: pathname, status: response.status() })
    }
  })
}

/** Runs axe on the page in the light theme, and again in the dark one for what can differ there. */
async function accessibilityViolations(page: Page): Promise<string[]> {
  if (!(await page.evaluate('"axe" in globalThis'))) {
    await page.evaluate(axe.source)
  }
  await page.emulateMedia({ colorScheme: 'light' })
  const light = await page.evaluate(runAxe, null)
  await page.emulateMedia({ colorScheme: 'dark' })
  const dark = await page.evaluate(runAxe, ['color-contrast'])
  return [...light, ...dark.map((violation) => `dark: ${violation}`)]
}

interface AxeResults {
  violations: { impact: string; id: string; nodes: { html: string }[] }[]
}

/** Runs in the page. */
async function runAxe(onlyRules: string[] | null): Promise<string[]> {
  const { axe, document } = globalThis as unknown as {
    axe: { run(where: unknown, options: object): Promise<AxeResults> }
    document: unknown
  }
  const { violations } = await axe.run(document, {
    resultTypes: ['violations'],
    ...(onlyRules && { runOnly: onlyRules })
  })
  return violations.map(
    ({ impact, id, nodes }) =>
      `${impact} ${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`
  )
}
