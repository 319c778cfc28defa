import { parseArgs } from 'node:util'
import { terminalText } from '../lib/terminal-text.ts'
import { COMMANDS, type CommandHelp, type CommandName } from './command-line.ts'

/** What was typed is not what a command takes. The message says what would be. */
export class UsageError extends Error {
  override name = 'UsageError'
  /** The command whose page helps, if one was named. */
  command: CommandName | undefined
  constructor(message: string, command?: CommandName) {
    super(message)
    this.command = command
  }
}

/** The options that were given to a command. */
export interface Values {
  texts: Readonly<Record<string, string | undefined>>
  switches: ReadonlySet<string>
}

export type CommandLine =
  | { shows: 'version' }
  | { shows: 'help'; of: CommandName | undefined }
  | { command: CommandName; values: Values; args: string[] }

const OPTIONS: Record<string, CommandHelp['options'][string]> = Object.assign(
  {},
  ...Object.values(COMMANDS).map(({ options }) => options)
)

const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name)

/** Reads what was typed after the name of the program. Throws UsageError for what no command takes. */
export async function readCommandLine(args: string[]): Promise<CommandLine> {
  const { tokens } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
      ...Object.fromEntries(
        Object.entries(OPTIONS).map(([name, { value }]) => [
          name,
          { type: value === undefined ? ('boolean' as const) : ('string' as const) }
        ])
      )
    },
    allowPositionals: true,
    strict: false,
    tokens: true
  })
  const options = tokens.filter((token) => token.kind === 'option')
  const [first, ...rest] = tokens
    .filter((token) => token.kind === 'positional')
    .map(({ value }) => value)
  const has = (name: string) => options.some((option) => option.name === name)
  const isHelp = has('help') || first === 'help'
  if (has('version') || first === 'version') {
    return { shows: 'version' }
  }
  const name = first === 'help' ? rest[0] : first
  if (name === undefined) {
    const [unknown] = options.filter((option) => option.name !== 'help')
    if (unknown) {
      throw new UsageError(`Name a command before ${unknown.rawName}.`)
    }
    return { shows: 'help', of: undefined }
  }
  if (!isCommand(name)) {
    throw new UsageError(`There is no command ${terminalText(name)}.${await hint(name, '')}`)
  }
  if (isHelp) {
    return { shows: 'help', of: name }
  }
  return {
    command: name,
    values: await readValues(name, options),
    args: checkArguments(name, rest)
  }
}

interface OptionToken {
  name: string
  rawName: string
  value: string | undefined
  /** True for --name=value. */
  inlineValue: boolean | undefined
}

async function readValues(command: CommandName, tokens: OptionToken[]): Promise<Values> {
  const { options: known }: CommandHelp = COMMANDS[command]
  const texts: Record<string, string> = {}
  const switches = new Set<string>()
  for (const { name, rawName, value, inlineValue } of tokens) {
    const option = Object.hasOwn(known, name) ? known[name] : undefined
    if (!option) {
      const meant = (await settingHint(name)) || (await hint(name, '--', Object.keys(known)))
      throw new UsageError(`${command} takes no ${terminalText(rawName)}.${meant}`, command)
    }
    if (switches.has(name) || name in texts) {
      throw new UsageError(`--${name} is given twice.`, command)
    }
    // What begins like an option was hardly meant as a value.
    const given = inlineValue === false && value?.startsWith('--') ? '' : value
    checkValue(command, name, { value: given, kind: option.value })
    if (value === undefined) {
      switches.add(name)
    } else {
      texts[name] = value
    }
  }
  return { texts, switches }
}

function checkValue(
  command: CommandName,
  name: string,
  { value, kind }: { value: string | undefined; kind: string | undefined }
): void {
  if (kind === undefined && value !== undefined) {
    throw new UsageError(`--${name} takes no value.`, command)
  }
  if (kind !== undefined && (value ?? '') === '') {
    throw new UsageError(`--${name} needs a value: --${name} ${kind}.`, command)
  }
}

/** Returns the arguments of a command. npm keeps options for itself unless `--` stands before them. */
function checkArguments(command: CommandName, rest: string[]): string[] {
  const { arguments: known = [] }: CommandHelp = COMMANDS[command]
  const extra = rest[known.length]
  if (extra !== undefined) {
    throw new UsageError(
      `${command} takes no argument ${terminalText(extra)}. npm passes options on only after --, as in ` +
        `npm run tasklane -- ${command} --help.`,
      command
    )
  }
  return rest
}

/** Returns how a setting is set that was typed as an option, such as `--port`. */
async function settingHint(option: string): Promise<string> {
  const { SETTING_NAMES } = await import('../config.ts')
  const name = option.toUpperCase().replaceAll('-', '_')
  return SETTING_NAMES.includes(name) ? ` Set ${name} in the environment or in .env.` : ''
}

/** Returns what was probably meant. The search is loaded when it is needed: a start must not wait for it. */
async function hint(
  name: string,
  prefix: string,
  known: string[] = Object.keys(COMMANDS)
): Promise<string> {
  const { closestName } = await import('../lib/did-you-mean.ts')
  const byLength = known.toSorted(
    (a, b) => Math.abs(a.length - name.length) - Math.abs(b.length - name.length)
  )
  const meant = closestName(name, byLength)
  return meant === undefined ? '' : ` Did you mean ${prefix}${meant}?`
}
