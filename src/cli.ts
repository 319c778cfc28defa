#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { enableCompileCache } from './commands/compile-cache.ts'

enableCompileCache()

const USAGE = `Tasklane, a task-management backend.

  npm start                              serve the API (migrates the database first)
  npm run tasklane -- <command>

  serve                                  serve the API
  worker                                 run background jobs, without serving
  migrate                                apply missing migrations
  create-admin --username NAME           create an admin; the password is read from standard input
               [--email EMAIL]
  users list                             list all accounts
  users create --username NAME           create an account; the password is read from standard input
        [--email EMAIL] [--name NAME] [--role user|manager|admin]
  users set-role USER ROLE               USER is a username or an email
  users set-password USER                the password is read from standard input
  users enable USER
  users disable USER
  seed                                   create demo users and tasks
  import FILE --user NAME [--dry-run]    import tasks from a file for a user
         [--preview]                     show what an import would make of it
         [--on-conflict skip|update|error]  [--mapping JSON]
         [--date-order dmy|mdy]  [--encoding ENCODING]
         [--time-zone ZONE]              of times without one, such as Europe/Berlin
  transfer                               copy the embedded database to an empty PostgreSQL
  checksum                               print the checksum of each table, to verify a restored backup
  openapi [--check]                      write the contract to openapi/, or check that it is up to date
  warm-cache                             make first starts faster (npm ci has done it)
`
const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  username: { type: 'string' },
  email: { type: 'string' },
  name: { type: 'string' },
  role: { type: 'string' },
  check: { type: 'boolean', default: false },
  user: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  preview: { type: 'boolean', default: false },
  'on-conflict': { type: 'string' },
  'date-order': { type: 'string' },
  'time-zone': { type: 'string' },
  encoding: { type: 'string' },
  mapping: { type: 'string' }
} as const
type Values = {
  username?: string | undefined
  email?: string | undefined
  name?: string | undefined
  role?: string | undefined
  check: boolean
  user?: string | undefined
  'dry-run': boolean
  preview: boolean
  'on-conflict'?: string | undefined
  'date-order'?: string | undefined
  'time-zone'?: string | undefined
  encoding?: string | undefined
  mapping?: string | undefined
}

/** The commands and their options. Each is loaded when it is called, so that no start waits for another's imports. */
const COMMANDS: Record<
  string,
  {
    options: (keyof Values)[]
    /** The most arguments that are no options. */
    arguments?: number
    run: (values: Values, args: string[]) => Promise<void>
  }
> = {
  serve: { options: [], run: async () => (await import('./commands/serve.ts')).serve() },
  worker: { options: [], run: async () => (await import('./commands/worker.ts')).worker() },
  migrate: {
    options: [],
    run: async () => (await import('./commands/migrate.ts')).migrateCommand()
  },
  'create-admin': {
    options: ['username', 'email'],
    run: async (values) => (await import('./commands/create-admin.ts')).createAdmin(values)
  },
  users: {
    options: ['username', 'email', 'name', 'role'],
    arguments: 3,
    run: async (values, args) => (await import('./commands/users.ts')).usersCommand(args, values)
  },
  seed: { options: [], run: async () => (await import('./commands/seed.ts')).seed() },
  import: {
    options: [
      'user',
      'dry-run',
      'preview',
      'on-conflict',
      'date-order',
      'time-zone',
      'encoding',
      'mapping'
    ],
    arguments: 1,
    run: async (values, [file]) =>
      (await import('./commands/import.ts')).importCommand({ ...values, file, user: values.user })
  },
  transfer: { options: [], run: async () => (await import('./commands/transfer.ts')).transfer() },
  checksum: { options: [], run: async () => (await import('./commands/transfer.ts')).checksum() },
  openapi: {
    options: ['check'],
    run: async (values) => (await import('./commands/openapi.ts')).openapiCommand(values)
  },
  'warm-cache': {
    options: [],
    run: async () => (await import('./commands/warm-cache.ts')).warmCache()
  }
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
  const extra = rest[command.arguments ?? 0]
  if (extra !== undefined) {
    throw new UsageError(`${name} takes no argument ${extra}.`)
  }
  const { help: _, ...options } = values
  const unexpected = Object.entries(options).find(
    ([option, value]) =>
      value !== undefined && value !== false && !command.options.includes(option as keyof Values)
  )
  if (unexpected) {
    throw new UsageError(`${name} takes no --${unexpected[0]}.`)
  }
  await command.run(options, rest)
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
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${USAGE}`)
    process.exit(2)
  }
  const { describeStartError } = await import('./commands/start-error.ts')
  process.stderr.write(`${describeStartError(error)}\n`)
  if (['debug', 'trace'].includes(process.env.LOG_LEVEL ?? '')) {
    process.stderr.write(`${error?.stack ?? ''}\n`)
  }
  process.exit(1)
})
