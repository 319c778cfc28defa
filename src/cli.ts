#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { enableCompileCache } from './commands/compile-cache.ts'

enableCompileCache()

const USAGE = `Tasklane, a task-management backend.

  npm start                              serve the API (migrates the database first)
  npm run tasklane -- <command>

  serve                                  serve the API
  worker                                 work on imports, without serving
  migrate                                apply missing migrations
  create-admin --username NAME           make an admin; the password is read from standard input
               [--email ADDRESS]
  seed                                   demo people and tasks, for trying out
  import FILE --user NAME [--dry-run]    import tasks from a CSV file for somebody
  transfer                               copy the embedded database to an empty PostgreSQL
  checksum                               rows and checksum of each table, to compare a restored backup
  openapi [--check]                      write the contract to openapi/, or check that it is current
  prepare                                make first starts short (npm ci has done it)
`
const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  username: { type: 'string' },
  email: { type: 'string' },
  check: { type: 'boolean', default: false },
  user: { type: 'string' },
  'dry-run': { type: 'boolean', default: false }
} as const
type Values = {
  username?: string | undefined
  email?: string | undefined
  check: boolean
  user?: string | undefined
  'dry-run': boolean
}

/** Commands are loaded when they are called, so that none pays for another's start. Each names the options it takes. */
const COMMANDS: Record<
  string,
  {
    takes: (keyof Values)[]
    takesFile?: true
    run: (values: Values, file?: string) => Promise<void>
  }
> = {
  serve: { takes: [], run: async () => (await import('./commands/serve.ts')).serve() },
  worker: { takes: [], run: async () => (await import('./commands/worker.ts')).worker() },
  migrate: { takes: [], run: async () => (await import('./commands/migrate.ts')).migrateCommand() },
  'create-admin': {
    takes: ['username', 'email'],
    run: async (values) => (await import('./commands/create-admin.ts')).createAdmin(values)
  },
  seed: { takes: [], run: async () => (await import('./commands/seed.ts')).seed() },
  import: {
    takes: ['user', 'dry-run'],
    takesFile: true,
    run: async (values, file) =>
      (await import('./commands/import.ts')).importCommand({ ...values, file, user: values.user })
  },
  transfer: { takes: [], run: async () => (await import('./commands/transfer.ts')).transfer() },
  checksum: { takes: [], run: async () => (await import('./commands/transfer.ts')).checksum() },
  openapi: {
    takes: ['check'],
    run: async (values) => (await import('./commands/openapi.ts')).openapiCommand(values)
  },
  prepare: { takes: [], run: async () => (await import('./commands/warm-cache.ts')).warmCache() }
}

async function main(argv: string[]): Promise<void> {
  const { values, positionals } = parse(argv)
  const [name, ...rest] = positionals
  if (values.help || name === undefined) {
    process.stdout.write(USAGE)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command) {
    throw new UsageError(`There is no command ${name}.`)
  }
  const extra = rest[command.takesFile ? 1 : 0]
  if (extra !== undefined) {
    throw new UsageError(`${name} takes no argument ${extra}.`)
  }
  const { help: _, ...options } = values
  const foreign = Object.entries(options).find(
    ([option, value]) =>
      value !== undefined && value !== false && !command.takes.includes(option as keyof Values)
  )
  if (foreign) {
    throw new UsageError(`${name} takes no --${foreign[0]}.`)
  }
  await command.run(options, rest[0])
}

class UsageError extends Error {}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

main(process.argv.slice(2)).catch(async (error) => {
  const [{ CommandError }, { ConfigError }] = await Promise.all([
    import('./commands/bootstrap.ts'),
    import('./config.ts')
  ])
  // What the system refuses (a port that is taken, a directory that may not be written) is said well enough by its message.
  const isForPeople =
    error instanceof CommandError ||
    error instanceof ConfigError ||
    error?.name === 'DirectoryInUseError' ||
    error?.name === 'SchemaAheadError' ||
    error?.name === 'MigrationLockTimeout' ||
    error?.syscall !== undefined
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${USAGE}`)
  } else {
    process.stderr.write(`${isForPeople ? error.message : (error?.stack ?? error)}\n`)
  }
  process.exit(error instanceof UsageError ? 2 : 1)
})
