import { enableCompileCache, registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

const COMPILED = new URL('../../node_modules/.cache/tasklane/compiled', import.meta.url)
const LARGE = '/node_modules/drizzle-orm/'

/**
 * Makes a start short, for whoever waits for a process that died: 0.9 s in place of 1.5 on two cores. To be called before
 * anything else is imported; it imports nothing itself. Whatever it cannot do, the start only takes longer.
 */
export function startQuickly (): void {
  // Sources that were compiled before are not compiled again. A folder that cannot be written stays empty.
  enableCompileCache(fileURLToPath(COMPILED))
  // For each of its two hundred modules Node would read and parse this package's manifest, which has 180 kB, to learn that
  // it is a module; what a relative name means is known without.
  registerHooks({
    resolve: (specifier, context, next) => (
      specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.includes(LARGE)
        ? { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true }
        : next(specifier, context))
  })
}
