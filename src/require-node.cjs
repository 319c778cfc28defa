/**
 * Ends with one line on a Node that cannot run TypeScript, instead of a stack. `npm ci` installs a Node that can,
 * unless install scripts are off. CommonJS without new syntax, since every Node must be able to read it.
 */
if (!process.features.typescript) {
  process.stderr.write(
    'Tasklane needs Node 24, and this is ' +
      process.version +
      '. Run: npm rebuild node --ignore-scripts=false (npm ci does it unless install scripts are off), ' +
      'or install Node 24.\n'
  )
  process.exit(1)
}
