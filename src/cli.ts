#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { type CommandLine, readCommandLine, UsageError, type Values } from './commands/arguments.ts'
import { type CommandName, helpOf, usage } from './commands/command-line.ts'
import { enableCompileCache } from './commands/compile-cache.ts'

enableCompileCache()
// process.exit() can wait for ever for a thread that compiles in the background (nodejs/node#54918).
setFlagsFromString('--no-concurrent-sparkplug')

/** Commands that run long enough for faster machine code of the embedded database to pay. */
const LASTING = new Set<CommandName>(['serve', 'worker', 'import', 'seed', 'transfer', 'checksum'])
/** What V8 compiles WebAssembly with: only its fast compiler (Liftoff), none that works on in the background. */
const FAST_COMPILER = ['--liftoff-only', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering']

type Run = (values: Values, args: string[]) => Promise<void>

/** Each is loaded when it is called, so that no start waits for another's imports. */
const RUNS: Record<CommandName, Run> = {
  serve: async () => (await import('./commands/serve.ts')).serve(),
  worker: async () => (await import('./commands/worker.ts')).worker(),
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand(),
  'create-admin': async ({ texts }) =>
    (await import('./commands/create-admin.ts')).createAdmin(texts),
  seed: async () => (await import('./commands/seed.ts')).seed(),
  users: async ({ texts }, args) => (await import('./commands/users.ts')).usersCommand(args, texts),
  import: async ({ texts, switches }, [file]) =>
    (await import('./commands/import.ts')).importCommand({
      ...texts,
      user: texts.user,
      file,
      'dry-run': switches.has('dry-run'),
      preview: switches.has('preview')
    }),
  distribute: async ({ texts, switches }) =>
    (await import('./commands/distribute.ts')).distributeCommand({
      shards: texts.shards,
      isDryRun: switches.has('dry-run'),
      isStatus: switches.has('status')
    }),
  transfer: async () => (await import('./commands/transfer.ts')).transfer(),
  checksum: async () => (await import('./commands/transfer.ts')).checksum(),
  openapi: async ({ switches }) =>
    (await import('./commands/openapi.ts')).openapiCommand({ check: switches.has('check') }),
  'warm-cache': async () => (await import('./commands/warm-cache.ts')).warmCache()
}

async function main(args: string[]): Promise<void> {
  const line = await readCommandLine(args)
  if ('shows' in line) {
    show(line)
    // Nobody asked for it: a script that forgot the command has failed.
    process.exitCode = args.length === 0 ? 2 : 0
    return
  }
  if (!LASTING.has(line.command)) {
    FAST_COMPILER.forEach(setFlagsFromString)
  }
  await RUNS[line.command](line.values, line.args)
}

function show(line: Extract<CommandLine, { shows: string }>): void {
  if (line.shows === 'version') {
    const file = new URL('../package.json', import.meta.url)
    process.stdout.write(`${JSON.parse(readFileSync(file, 'utf8')).version}\n`)
  } else {
    process.stdout.write(line.of === undefined ? usage() : helpOf(line.of))
  }
}

main(process.argv.slice(2)).catch(async (error) => {
  if (error instanceof UsageError) {
    const page = error.command === undefined ? '' : `${error.command} `
    process.stderr.write(`${error.message}\nHelp: npm run tasklane -- ${page}--help\n`)
    process.exit(2)
  }
  const { describeStartError } = await import('./commands/start-error.ts')
  process.stderr.write(`${describeStartError(error)}\n`)
  if (['debug', 'trace'].includes(process.env.LOG_LEVEL ?? '')) {
    process.stderr.write(`${error?.stack ?? ''}\n`)
  }
  process.exit(1)
})
