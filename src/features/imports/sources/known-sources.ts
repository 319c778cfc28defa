import { csvColumns } from '../../tasks/schema.ts'
import { FIELDS_BY_KEY, type ImportField, keyOf, POSITION, PROJECT } from '../fields.ts'
import { asana } from './asana.ts'
import { googleTasks } from './google-tasks.ts'
import { jira } from './jira.ts'
import { microsoftToDo, planner } from './microsoft.ts'
import { outlook } from './outlook.ts'
import type { Source } from './source.ts'
import { ticktick } from './ticktick.ts'
import { todoist } from './todoist.ts'
import { trello } from './trello.ts'

const OURS = Object.fromEntries(FIELDS_BY_KEY) as Record<string, ImportField>

/** Our own export. */
const tasklane: Source = {
  id: 'tasklane',
  signatures: [['id', 'title', 'ownerid', 'version', 'createdat', 'updatedat']],
  columns: { ...OURS, [keyOf(PROJECT)]: PROJECT, [keyOf(POSITION)]: POSITION }
}
/** A file of no program that is known. */
export const generic: Source = { id: 'generic', signatures: [], columns: OURS }
/** JSON lines, whose header is ours. */
export const jsonLines: Source = { ...tasklane, id: 'generic', signatures: [] }

/** Those with more particular columns first. */
const SOURCES = [
  tasklane,
  todoist,
  ticktick,
  trello,
  asana,
  jira,
  planner,
  outlook,
  microsoftToDo,
  googleTasks
]

/** Returns the program whose export has such a header, given as keys, in any language that it is written in. */
export const recognise = (keys: ReadonlySet<string>): Source | undefined =>
  SOURCES.find((source) => {
    const known = new Set([...keys, ...[...keys].map((key) => keyIn(source, key))])
    return source.signatures.some((signature) => signature.every((key) => known.has(key)))
  })

/** Returns the key by which a program knows a column, whatever the language of its header. */
export const keyIn = ({ translations = {} }: Source, key: string): string =>
  // A column may be called like a property of every object, such as constructor.
  Object.hasOwn(translations, key) ? (translations[key] as string) : key

const KNOWN_KEYS = new Set([
  ...SOURCES.flatMap(({ columns, signatures, translations = {} }) => [
    ...Object.keys(columns),
    ...Object.keys(translations),
    ...signatures.flat()
  ]),
  ...csvColumns.flatMap(({ names }) => names.map(keyOf))
])
/** Returns whether a header of a program that is known has such a column. */
export const isKnownColumn = (name: string): boolean => KNOWN_KEYS.has(keyOf(name.trim()))
