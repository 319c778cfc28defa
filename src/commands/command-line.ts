/** An option of a command: with the name of its value, or none where it is a switch. */
interface CommandOption {
  value?: string
  help: string
}

export interface CommandHelp {
  summary: string
  /** The names of its arguments, in order. */
  arguments?: readonly string[]
  /** What its page says besides. */
  details?: string
  options: Readonly<Record<string, CommandOption>>
}

/** The commands in the order of the usage. Only what is said about them, so that no start waits for their imports. */
export const COMMANDS = {
  serve: {
    summary: 'serve the API (migrates the database first)',
    details:
      'npm start does the same. Settings come from the environment and .env: see .env.example.',
    options: {}
  },
  worker: { summary: 'run background jobs, without serving', options: {} },
  migrate: { summary: 'apply missing migrations', options: {} },
  'create-admin': {
    summary: 'create an admin',
    details:
      'The password is asked for twice on a terminal, unseen, and otherwise read from standard input:\n' +
      "  printf '%s\\n' 'a long passphrase' | npm run create-admin -- --username root",
    options: {
      username: { value: 'NAME', help: 'up to 64 letters, digits, dots, underscores and hyphens' },
      email: { value: 'EMAIL', help: 'an email address, with a username or instead of one' }
    }
  },
  users: {
    summary: 'list, create and change accounts',
    arguments: ['list|create|set-role|set-password|enable|disable', '[USER]', '[ROLE]'],
    details:
      'USER is a username or an email. Passwords are asked for twice on a terminal, unseen, and otherwise\n' +
      'read from standard input. set-password ends the sessions of the account and revokes its API keys.\n' +
      '  npm run tasklane -- users set-role ann manager',
    options: {
      username: { value: 'NAME', help: 'of a new account' },
      email: { value: 'EMAIL', help: 'of a new account, with a username or instead of one' },
      name: { value: 'NAME', help: 'what to call the person' },
      role: { value: 'user|manager|admin', help: 'of a new account; user if it is left out' }
    }
  },
  seed: {
    summary: 'create demo users and tasks in an empty database',
    details:
      'Creates admin/admin123, user/user123 and kim/kim12345 with six tasks and a project that they share.\n' +
      'Refused in production.',
    options: {}
  },
  import: {
    summary: 'import tasks from a file for a user',
    arguments: ['FILE'],
    details: 'Ctrl+C cancels; tasks that were imported before stay.',
    options: {
      user: { value: 'NAME', help: 'the username or email of the owner (required)' },
      project: { value: 'ID', help: 'the project that the tasks go into' },
      'dry-run': { help: 'check every row, create nothing' },
      preview: { help: 'show what an import would make of the file' },
      'on-conflict': { value: 'skip|update|error', help: 'what to do with ids that exist' },
      mapping: { value: 'JSON', help: 'which column is which field, such as {"Who": "tags"}' },
      'date-order': { value: 'dmy|mdy', help: 'how to read dates such as 04/05/2026' },
      encoding: { value: 'ENCODING', help: 'of the file, where it cannot be told' },
      'time-zone': { value: 'ZONE', help: 'of times without one, such as Europe/Berlin' }
    }
  },
  distribute: {
    summary: 'spread owned tables over the nodes of a Citus cluster',
    details:
      'DATABASE_URL, or DATABASE_MIGRATION_URL if it is set, is the coordinator. Stop all instances first.\n' +
      'Run it again after an upgrade that adds tables. See docs/operations/clusters.md.',
    options: {
      shards: { value: 'NUMBER', help: 'how many shards; 32 if it is left out' },
      'dry-run': { help: 'only show what would be done' },
      status: { help: 'show tables, nodes and how statements are routed' }
    }
  },
  transfer: { summary: 'copy the embedded database to an empty PostgreSQL', options: {} },
  checksum: {
    summary: 'print the checksum of each table, to verify a restored backup',
    options: {}
  },
  openapi: {
    summary: 'write the contract to openapi/',
    options: { check: { help: 'only check that it is up to date' } }
  },
  'warm-cache': { summary: 'make first starts faster (npm ci has done it)', options: {} }
} satisfies Record<string, CommandHelp>

export type CommandName = keyof typeof COMMANDS

const RUN = 'npm run tasklane --'
const NAME_WIDTH = 15
const OPTION_WIDTH = 33

/** The page that lists all commands. */
export const usage = (): string => `Tasklane, a task-management backend.

  npm start                 serve the API
  ${RUN} COMMAND

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(NAME_WIDTH)}${summary}`)
  .join('\n')}

  ${RUN} COMMAND --help     what a command takes
  ${RUN} version            the version
`

/** The page of one command. */
export function helpOf(name: CommandName): string {
  const { summary, arguments: args = [], details, options }: CommandHelp = COMMANDS[name]
  const words = [RUN, name, ...args, Object.keys(options).length > 0 ? '[OPTIONS]' : undefined]
  const lines = Object.entries({ ...options, help: { help: 'print this page' } }).map(
    ([option, { value, help }]: [string, CommandOption]) =>
      `  ${`--${option}${value === undefined ? '' : ` ${value}`}`.padEnd(OPTION_WIDTH)}${help}`
  )
  return [
    `${name}: ${summary}`,
    `  ${words.filter((word) => word !== undefined).join(' ')}`,
    ...(details === undefined ? [] : [details]),
    lines.join('\n')
  ]
    .join('\n\n')
    .concat('\n')
}
