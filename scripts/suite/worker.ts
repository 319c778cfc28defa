/**
 * Runs test files one after the other in one process, so that the application, the compiled contract and the embedded
 * database are loaded once and not for each file. workers.ts starts it and names the files; each is a test of this
 * process's tap, which writes the results to the standard output.
 */
import { registerHooks } from 'node:module'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { Test } from 'tap'
import { enableCompileCache } from '../../src/commands/compile-cache.ts'
import { FILE_TIMEOUT_MS, FRESH, SPENT } from './protocol.ts'

enableCompileCache()
const { default: root } = await import('tap')
const { idleDatabases, reuseEmbeddedDatabases } = await import(
  '../../test/support/embedded-database.ts'
)
const { shareBrowser, sharedBrowserResources } = await import(
  '../../test/support/shared-browser.ts'
)
reuseEmbeddedDatabases()
shareBrowser()

/** How long a file may take to close what it has opened. Alone in its process it would keep the process from ending. */
const PATIENCE_MS = 15_000
/** Modules are never unloaded; beyond this size a new process goes on. */
const MAX_BYTES = 1.5 * 2 ** 30

/** What the files import as tap's default export, by their URL. */
const tests = new Map<string, Test>()
Object.assign(globalThis, { tasklaneTests: tests })
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'tap' && tests.has(context.parentURL ?? '')
      ? {
          url: `data:text/javascript,export default tasklaneTests.get('${context.parentURL}')`,
          format: 'module',
          shortCircuit: true
        }
      : next(specifier, context)
})

root.pipe(process.stdout)
// tap has unreferenced the channel to the parent, as if there was nothing to wait for.
process.channel?.ref()
const ownResources = process.getActiveResourcesInfo()
process.on('message', (file: string) => run(file))
process.once('disconnect', () => process.exit())
say(FRESH)

async function run(file: string): Promise<void> {
  const results = await root.test(file, { timeout: FILE_TIMEOUT_MS }, (t) => load(file, t))
  const left = await leftBehind()
  if (left.length > 0) {
    root.fail(`${file} leaves behind ${left.join(', ')}`)
  }
  const isFresh = results?.ok === true && left.length === 0 && process.memoryUsage.rss() < MAX_BYTES
  say(isFresh ? FRESH : SPENT)
}

async function load(file: string, t: Test): Promise<void> {
  t.testdirName = resolve('.tap/fixtures', file.replace(/[^\w.-]+/g, '-'))
  const { href } = pathToFileURL(file)
  tests.set(href, t)
  await import(href)
}

/** Not as a comment of tap, which keeps it back until the next test. */
function say(state: string): void {
  process.stdout.write(`# ${state}\n`)
}

/** Returns which timers, sockets and processes of a file still run. */
async function leftBehind(): Promise<string[]> {
  const giveUpAt = Date.now() + PATIENCE_MS
  for (;;) {
    const left = process.getActiveResourcesInfo()
    const timers = Array.from({ length: idleDatabases() }, () => 'Timeout')
    for (const name of [...ownResources, ...timers, ...sharedBrowserResources()]) {
      const at = left.indexOf(name)
      if (at >= 0) {
        left.splice(at, 1)
      }
    }
    if (left.length === 0 || Date.now() > giveUpAt) {
      return left
    }
    await pause(10)
  }
}
