import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Browser } from 'playwright-core'

/** The name under which the browser finds this machine without knowing that it is this one. */
export const OTHER_MACHINE = 'tasklane.lan'
/** What playwright turns off and we repeat, since a second list replaces the first, and what else costs time. */
const WITHOUT = [
  'AvoidCorsURLLoaderRestartOnRedirect',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'PreconnectToSearch',
  'ThirdPartyStoragePartitioning',
  // Pages of the browser's own, two for each window, and processes in reserve: a third of what a visit takes.
  'AimEnabled',
  'LensOverlay',
  'SpareRendererForSitePerProcess',
  'WebUIOmniboxAimPopup',
  'WebUIOmniboxFullPopup',
  'WebUIOmniboxPopup'
]
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--disable-features=${WITHOUT.join()}`,
  // A name that is not this machine's, so that plain HTTP is no secure context.
  `--host-resolver-rules=MAP ${OTHER_MACHINE} 127.0.0.1`
]

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

/** The `skip` option of tests that need a browser. */
export const withoutBrowser = executable === undefined && 'there is no Chromium in PATH'

/** What a running browser keeps open in this process. */
const RESOURCES = ['ProcessWrap', 'PipeWrap', 'PipeWrap', 'PipeWrap', 'PipeWrap']
let isShared = false
let shared: Browser | undefined

/** From now on one browser serves all tests until the process ends; its contexts keep them apart. */
export function shareBrowser(): void {
  isShared = true
}

/** Names what the shared browser keeps open. */
export const sharedBrowserResources = (): string[] => (shared?.isConnected() ? RESOURCES : [])

/** Returns a running browser, and what its user calls at the end. */
export async function openBrowser(): Promise<{ browser: Browser; release: () => Promise<void> }> {
  if (shared?.isConnected()) {
    return { browser: shared, release: async () => {} }
  }
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath: executable as string, args: FLAGS })
  if (!isShared) {
    return { browser, release: () => browser.close() }
  }
  shared = browser
  return { browser, release: async () => {} }
}
