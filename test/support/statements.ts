import type { TestDatabase } from './database.ts'
import { serverUrl } from './database.ts'

/** Why a test that looks at statements does not run on the embedded database. */
export const withoutStatements =
  serverUrl === undefined ? 'the driver of a server tells what it sends, and it is the same' : false

interface Client {
  /** The embedded database has none, and tells nothing. */
  options?: { debug?: false | ((connection: number, text: string) => void) }
}

/** Runs work, and returns the texts of the statements that a test's database got meanwhile, from whomever. */
export async function statementsDuring(
  { db }: Pick<TestDatabase, 'db'>,
  work: () => Promise<unknown>
): Promise<string[]> {
  const { options = {} } = (db as unknown as { $client: Client }).$client
  const texts: string[] = []
  options.debug = (_, text) => texts.push(text)
  try {
    await work()
  } finally {
    options.debug = false
  }
  return texts
}

const OWNED =
  'tasks|task_events|task_comments|task_imports|projects|project_members|list_changes|' +
  'webhooks|webhook_deliveries'
const READS = new RegExp(`\\b(from|join|update) "?(${OWNED})"?(?![\\w".])`, 'i')
const QUERY = /^ ?(select|with|insert|update|delete)\b/i
const OWNER = '("?\\w+"?\\.)?"?owner_id"?'
/** `owner_id = …`, `owner_id IN (…)`, `… = owner_id`, `(owner_id, …) IN (…)`; not `<>`, not `NOT IN`. */
const NAMES_OWNER = new RegExp(
  `${OWNER} (=|in \\(|between)|(=|in) ${OWNER}(?!\\w)|\\(${OWNER}, [^()]*\\) (=|in)`,
  'i'
)

/** Whose rows are read by something else than their owner, and why. */
const EXCEPTIONS: [RegExp, string][] = [
  [
    /"?assignee_id"? = \$/,
    'what is assigned to somebody, whoever owns it, by the index of assignees'
  ],
  [
    /"?(tasks|projects)"?\."?id"? (= (\$|any)|in \()/i,
    'a path names a task or a project by its id alone'
  ],
  [/"?project_members"? .*\buser_id"? = \$/i, 'the projects that somebody has joined'],
  [/FROM "task_events" WHERE .*is_part/, 'the audit log is about everybody'],
  [
    /count\(\*\)::int.* FROM "?tasks"? WHERE/,
    'the statistics of the installation are about everybody'
  ]
]

/**
 * Returns the parts of statements that read or change owned rows without saying whose, and are no exception. Each query
 * in parentheses is a part, and stands as `(…)` in the one around it.
 */
export function partsWithoutOwner(texts: string[]): string[] {
  const parts = new Set(texts.flatMap(queriesOf))
  return [...parts].filter(
    (part) =>
      READS.test(part) &&
      !NAMES_OWNER.test(part) &&
      !EXCEPTIONS.some(([exception]) => exception.test(part))
  )
}

/** Returns the queries of a statement: each in parentheses, which is `(…)` in the one around it, and the rest. */
export function queriesOf(text: string): string[] {
  const parts: string[] = []
  let rest = text.replace(/\s+/g, ' ').trim()
  for (let found = innermost(rest); found; found = innermost(rest)) {
    const [whole, inner = ''] = found
    parts.push(inner)
    rest = rest.replace(whole, () => (QUERY.test(inner) ? '‹…›' : `‹${inner}›`))
  }
  return [...parts, rest]
    .filter((part) => QUERY.test(part))
    .map((part) => part.replaceAll('‹', '(').replaceAll('›', ')').trim())
}

const innermost = (text: string) => /\(([^()]*)\)/.exec(text)
