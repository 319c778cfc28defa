import module, { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

const COMPILED = new URL('../../node_modules/.cache/tasklane/compiled', import.meta.url)
const PACKAGES = '/node_modules/'
const LARGE = `${PACKAGES}drizzle-orm/`

/**
 * Makes a start short, for whoever waits for a process that died: 0.7 s in place of 1.2 on two cores. To be called before
 * anything else is imported; it imports nothing itself. Whatever it cannot do, the start only takes longer.
 */
export function enableCompileCache(): void {
  // Sources that were compiled before are not compiled again. A folder that cannot be written stays empty.
  module.enableCompileCache(fileURLToPath(COMPILED))
  // To learn whether a file is a module Node reads and parses the manifest of its package, for each file again, and
  // drizzle's has 180 kB. What a relative name means is known without, and so is what these files are.
  registerHooks({
    resolve: (specifier, context, next) => {
      const format = specifier.startsWith('.')
        ? formatOf(specifier, context.parentURL ?? '')
        : undefined
      return format === undefined
        ? next(specifier, context)
        : { url: new URL(specifier, context.parentURL).href, format, shortCircuit: true }
    }
  })
}

function formatOf(specifier: string, parent: string): string | undefined {
  if (specifier.endsWith('.mjs') || (specifier.endsWith('.js') && parent.includes(LARGE))) {
    return 'module'
  }
  return specifier.endsWith('.ts') && !parent.includes(PACKAGES) ? 'module-typescript' : undefined
}
