import { invalidField, type Problem } from '../../core/problem.ts'
import { closestName } from '../../lib/did-you-mean.ts'
import {
  IMPORT_FIELDS,
  type ImportField,
  keyOf,
  POSITION,
  PROJECT,
  PROJECT_NAME
} from './fields.ts'
import { MAX_COLUMN_NAME, MAX_COLUMNS } from './file.schema.ts'
import { printable } from './problems.ts'

/** What the sender says of columns, by their keys; null for one that is to be ignored. */
export interface Mapping {
  /** Where the sender said it. */
  in: 'body' | 'query'
  columns: Map<string, { name: string; field: ImportField | null }>
}
export const NO_MAPPING: Mapping = { in: 'body', columns: new Map() }

const TARGETS: readonly ImportField[] = IMPORT_FIELDS.filter(
  (field) => field !== 'deleted_at' && field !== POSITION
)

/** Reads `{"Header": "title", …}`, or throws the problem that it has, by name. */
export function parseMapping(text: string, from: Mapping['in']): Mapping {
  const problem = (code: string, detail: string, name?: string) =>
    invalidField(from, name === undefined ? '/mapping' : pointerTo(name), code, detail)
  const entries = parseObject(text)
  if (!entries || entries.length > MAX_COLUMNS) {
    throw problem(
      'malformed',
      'mapping must be a JSON object from names of columns to fields, such as {"Task": "title"}.'
    )
  }
  const columns: Mapping['columns'] = new Map()
  const taken = new Set<ImportField>()
  for (const [name, target] of entries) {
    const field = fieldOf(target)
    if (field === undefined) {
      throw problem('unknown_value', unknownTarget(name, target), name)
    }
    if (columns.has(keyOf(name.trim())) || (field && field !== 'tags' && taken.has(field))) {
      throw problem(
        'given_twice',
        `${printable(name, MAX_COLUMN_NAME)} or its field is named twice.`,
        name
      )
    }
    if (field) {
      taken.add(field)
    }
    columns.set(keyOf(name.trim()), { name, field })
  }
  return { in: from, columns }
}

function parseObject(text: string): [string, unknown][] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value)
      : undefined
  } catch {
    return undefined
  }
}

/** Null ignores a column; undefined is no field. */
function fieldOf(target: unknown): ImportField | null | undefined {
  return target === null ? null : TARGETS.find((field) => field === target)
}

function unknownTarget(name: string, target: unknown): string {
  const text = printable(typeof target === 'string' ? target : JSON.stringify(target), 50)
  const closest = closestName(text, TARGETS)
  return (
    `${printable(name, MAX_COLUMN_NAME)} cannot become ${text || 'an empty text'}` +
    `${closest ? `; did you mean ${closest}?` : '.'} ` +
    `Fields are ${TARGETS.join(', ')}; null ignores a column.`
  )
}

/** Throws when a column says the project of each row, and the sender names one for all of them. */
export function checkProject({ in: from, columns }: Mapping, project_id: string | undefined): void {
  const column = [...columns.values()].find(
    ({ field }) => field === PROJECT || field === PROJECT_NAME
  )
  if (column && project_id !== undefined) {
    throw invalidField(
      from,
      pointerTo(column.name),
      'contradiction',
      'project_id names the project of all rows. Leave it out, or do not map a column to it.'
    )
  }
}

/** Throws when the sender speaks of a column that the file does not have. */
export function checkMapping(mapping: Mapping, names: string[]): void {
  const keys = new Set(names.map(keyOf))
  for (const [key, { name }] of mapping.columns) {
    if (!keys.has(key)) {
      throw unknownColumn(mapping, name, names)
    }
  }
}

function unknownColumn({ in: from }: Mapping, name: string, names: string[]): Problem {
  const known = names.slice(0, 10).map((each) => printable(each, MAX_COLUMN_NAME))
  const closest = closestName(name, names.filter(Boolean))
  return invalidField(
    from,
    pointerTo(name),
    'unknown_column',
    `The file has no column ${printable(name, MAX_COLUMN_NAME)}; ` +
      `${closest ? `did you mean ${printable(closest, MAX_COLUMN_NAME)}?` : `it has ${known.join(', ')}.`}`
  )
}

/** A pointer into the object (RFC 6901). */
const pointerTo = (name: string): string =>
  `/mapping/${printable(name, MAX_COLUMN_NAME).replaceAll('~', '~0').replaceAll('/', '~1')}`
