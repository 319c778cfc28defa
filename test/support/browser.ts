import { accessSync, constants } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { operationOf } from './contract.ts'
import { createTestApp, PASSWORD, type TestAppOptions } from './test-app.ts'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]
/** What the browser says about an answer of 400 and above, which may well be what a test is about. */
const REFUSAL = /^Failed to load resource: the server responded with a status of (\d{3})/
const LOST = /^Failed to load resource: net::ERR_/
const PATIENCE_MS = 20_000

const executable = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)))
  .find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })

/** Runs a suite that needs a browser; where there is none it is skipped and says so. */
export async function inBrowser(t: Test, suite: () => Promise<void>): Promise<void> {
  if (executable === undefined) {
    t.test('in a real browser', { skip: 'there is no Chromium in PATH' }, async () => {})
  } else {
    await suite()
  }
}

export type Visitor = Awaited<ReturnType<Awaited<ReturnType<typeof createBrowserTestApp>>['visit']>>
interface VisitOptions extends BrowserContextOptions {
  expects?: number[]
  mayLose?: boolean
}

/** The real app, listening, and a real browser that looks at it. Both are closed with the test. */
export async function createBrowserTestApp(t: Test, options: TestAppOptions = {}) {
  const inside = await createTestApp(t, options)
  await inside.app.listen({ host: '127.0.0.1', port: 0 })
  const origin = `http://127.0.0.1:${(inside.app.server.address() as AddressInfo).port}`
  const browser: Browser = await chromium.launch({
    executablePath: executable as string,
    args: FLAGS
  })
  t.teardown(() => browser.close())
  /** What no page may ever do, and every call to the API that a page made. */
  const faults: string[] = []
  const calls: { method: string; path: string; status: number }[] = []

  /** A person with a browser of their own. `expects` names the refusals that are part of the story. */
  const visit = async ({ expects = [], mayLose = false, ...context }: VisitOptions = {}) => {
    const own = await browser.newContext({
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
      viewport: { width: 1200, height: 800 },
      reducedMotion: 'reduce',
      ...context
    })
    own.setDefaultTimeout(PATIENCE_MS)
    const page = await own.newPage()
    watch(page, {
      faults,
      calls,
      isExpected: (text) =>
        (mayLose && LOST.test(text)) || expects.includes(Number(REFUSAL.exec(text)?.[1]))
    })
    return {
      page,
      context: own,
      open: (hash = '') => page.goto(`${origin}/app/${hash}`),
      logIn: async (username: string, hash = '', password = PASSWORD) => {
        await page.goto(`${origin}/app/${hash}`)
        await fillLogin(page, username, password)
        await page.locator('#side').waitFor({ state: 'attached' })
      },
      /** What axe finds on the page as it is; in dark only what can differ there. */
      complaints: async () => {
        if (!(await page.evaluate('"axe" in globalThis'))) {
          await page.evaluate(axe.source)
        }
        await page.emulateMedia({ colorScheme: 'light' })
        const light = await page.evaluate(findFaults, null)
        await page.emulateMedia({ colorScheme: 'dark' })
        const dark = await page.evaluate(findFaults, ['color-contrast'])
        return [...light, ...dark.map((fault) => `dark: ${fault}`)]
      }
    }
  }
  return {
    ...inside,
    origin,
    visit,
    calls,
    faults,
    /** To be asked last: what any page did that none may do, and calls that are not in the contract. */
    verdict: () => ({
      faults,
      undocumented: calls.filter(({ method, path }) => !operationOf(method, path)),
      calls: calls.length
    })
  }
}

export async function fillLogin(page: Page, username: string, password = PASSWORD): Promise<void> {
  await page.getByLabel('Username or email').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}

interface Watched {
  faults: string[]
  calls: { method: string; path: string; status: number }[]
  isExpected: (text: string) => boolean
}

function watch(page: Page, { faults, calls, isExpected }: Watched): void {
  page.on('pageerror', (error) => {
    faults.push(`error: ${error.stack}`)
  })
  // Violations of the policy are told here as well.
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !isExpected(message.text())) {
      faults.push(`${message.type()}: ${message.text()} ${message.location().url}`)
    }
  })
  page.on('response', (response) => {
    const { pathname } = new URL(response.url())
    if (pathname.startsWith('/app/')) {
      return
    }
    calls.push({ method: response.request().method(), path: pathname, status: response.status() })
  })
}

/** Runs in the page. */
async function findFaults(only: string[] | null): Promise<string[]> {
  const { axe } = globalThis as unknown as {
    axe: {
      run(
        where: unknown,
        options: object
      ): Promise<{ violations: { impact: string; id: string; nodes: { html: string }[] }[] }>
    }
  }
  const { violations } = await axe.run((globalThis as unknown as { document: unknown }).document, {
    resultTypes: ['violations'],
    ...(only && { runOnly: only })
  })
  return violations.map(
    ({ impact, id, nodes }) =>
      `${impact} ${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`
  )
}
