import { queriesOf } from './statements.ts'

/** What is stored by owner, and may be on several servers: src/db/tables/owners.ts. */
const DISTRIBUTED =
  'owners|tasks|task_events|task_comments|task_imports|task_import_blocks|task_import_errors|list_changes|' +
  'idempotency_keys'
/** What is on one server, and is asked together with it. */
const LOCAL = 'users|projects|project_members'

const CHANGES = new RegExp(
  `\\b(update|delete from|insert into) "?(${DISTRIBUTED})"?(?![\\w".])`,
  'i'
)
const IS_INSERT = new RegExp(`\\binsert into "?(${DISTRIBUTED})"?(?![\\w".])`, 'i')
const READS = new RegExp(`\\b(from|join) "?(${DISTRIBUTED})"?(?![\\w".])`, 'i')
const LOCKS = /\bfor (no key update|update|key share|share)\b/i
const ONE_OWNER = /"?(owner_id|caller_id)"? = (\$|')/i
const READS_LOCAL = new RegExp(`\\b(from|join) "?(${LOCAL})"?(?![\\w".])`, 'i')
const COLUMN_OF_DISTRIBUTED = new RegExp(`"?\\b(${DISTRIBUTED})"?\\."?\\w`, 'i')
const OUTER_OWNER = /\bowner_id"? = "?tasks"?\."?owner_id/i
const FROM_TASKS = /\bfrom "?tasks"?(?= ?(where|join|order|limit|$))/i
const TIME = /\b(now|clock_timestamp|statement_timestamp|random|next_change_position) ?\(\)/i
const CHANGES_OWNER = /\bset\b.*?"?\b(owner_id|caller_id)"? = (?!.*\bset\b)/i
/** To add a length of time to one is not the same at any time, since days are not. */
const TIME_AND_COLUMN = /\bnow\(\) [+-] (?!make_interval|interval|\$)"?\w/i
/** What Citus breaks down on; a time gets the precision of its column, which is more than that. */
const SUBSCRIPT = /"?(?<!_at"?)\b"? = \(array\[.*?\]\)\[[^[\]]*\](?= ?(,|where|from|returning|$))/i
const CASE = /\bcase\b(?:(?!\bcase\b).)*?\bend\b/i

interface Rule {
  fault: string
  isBroken: (query: string) => boolean
}

const RULES: Rule[] = [
  {
    fault: 'a time beside a column in CASE or COALESCE',
    isBroken: (query) =>
      CHANGES.test(query) && choicesOf(query).some((text) => TIME.test(text) && hasColumn(text))
  },
  {
    fault: 'CASE with a value behind it',
    isBroken: (query) => CHANGES.test(query) && /\bcase (?!when\b)/i.test(query)
  },
  {
    fault: 'a change that does not name one owner',
    isBroken: (query) => CHANGES.test(query) && !IS_INSERT.test(query) && !ONE_OWNER.test(query)
  },
  {
    fault: 'a lock that does not name one owner',
    isBroken: (query) => LOCKS.test(query) && READS.test(query) && !ONE_OWNER.test(query)
  },
  {
    fault: 'a time and a column together',
    isBroken: (query) => CHANGES.test(query) && TIME_AND_COLUMN.test(query)
  },
  {
    fault: 'a value that is nothing but an element of an array',
    isBroken: (query) => CHANGES.test(query) && SUBSCRIPT.test(settings(query))
  },
  {
    fault: 'another owner',
    isBroken: (query) =>
      CHANGES.test(query) && !IS_INSERT.test(query) && CHANGES_OWNER.test(settings(query))
  },
  {
    fault: 'a time where a row is there already',
    isBroken: (query) => IS_INSERT.test(query) && TIME.test(query.split(/\bdo update\b/i)[1] ?? '')
  },
  {
    fault: 'the owner of a row outside of the query',
    isBroken: (query) => READS.test(query) && OUTER_OWNER.test(query) && !FROM_TASKS.test(query)
  },
  {
    fault: 'a query on accounts or projects about a row outside of it',
    isBroken: (query) =>
      READS_LOCAL.test(query) && !READS.test(query) && COLUMN_OF_DISTRIBUTED.test(query)
  }
]

/** Statements that break a rule, each with its reason. */
const EXCEPTIONS: [RegExp, string][] = [
  [
    /from "projects" p WHERE p\.owner_id = "tasks"\."owner_id" AND p\.id = "tasks"\."project_id"/i,
    'the one statement that changes a task; where tasks are distributed there are two in its place'
  ],
  [
    /^DELETE FROM (list_changes|idempotency_keys) WHERE .* IN \(…\)/,
    'what is too old, of whomever: a job in the background, which can ask every server'
  ]
]

/**
 * Returns what of some statements a planner of distributed tables does not take, or sends to every server, with the
 * reason.
 */
export function partsForSeveralServers(texts: string[]): string[] {
  const queries = new Set(texts.flatMap(queriesOf))
  return [...queries]
    .filter((query) => !EXCEPTIONS.some(([exception]) => exception.test(query)))
    .flatMap((query) =>
      RULES.filter(({ isBroken }) => isBroken(query)).map(({ fault }) => `${fault}: ${query}`)
    )
}

/** What a query sets: the part between SET and WHERE. */
const settings = (query: string): string =>
  /\bset\b.*?(?=\b(where|from|returning)\b|$)/i.exec(query)?.[0] ?? ''

/** Returns what is in each CASE and COALESCE of a query, those inside of others by themselves. */
function choicesOf(query: string): string[] {
  const choices: string[] = []
  let rest = query
  for (let found = CASE.exec(rest); found; found = CASE.exec(rest)) {
    choices.push(found[0])
    // A column stands for what was chosen.
    rest = rest.replace(found[0], () => `chosen${TIME.test(found[0]) ? ' now()' : ''}`)
  }
  for (const { index } of rest.matchAll(/\bcoalesce ?\(/gi)) {
    choices.push(upToTheEnd(rest.slice(index)))
  }
  return choices
}

/** Returns a call up to the parenthesis that ends it. */
function upToTheEnd(text: string): string {
  let depth = 0
  for (const { 0: sign, index } of text.matchAll(/[()]/g)) {
    depth += sign === '(' ? 1 : -1
    if (depth === 0) {
      return text.slice(0, index + 1)
    }
  }
  return text
}

const NO_COLUMNS = [
  /'[^']*'/g,
  /::\w+(\[\])?/g,
  /\$\d+/g,
  /\w+ ?(?=\()/g,
  /\b(case|when|then|else|end|null|and|or|not|is|true|false|secs|hours|days|interval|distinct|from|epoch|coalesce)\b/gi
]

const hasColumn = (text: string): boolean =>
  /[a-z_]/i.test(NO_COLUMNS.reduce((rest, pattern) => rest.replace(pattern, ' '), text))
