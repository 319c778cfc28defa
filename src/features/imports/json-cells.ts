import { type Cell, type Cells, cellText, isBlank } from './csv-reader.ts'
import {
  FIELDS_BY_KEY,
  IMPORT_FIELDS,
  type ImportField,
  isKeptField,
  isOurName,
  keyOf,
  PROJECT_NAME
} from './fields.ts'
import { MAX_COLUMN_NAME, MAX_COLUMNS } from './file.schema.ts'
import type { Findings } from './findings.ts'
import { warnNotUsed } from './header.ts'
import { checkMapping, type Mapping } from './mapping.ts'
import { printable } from './problems.ts'
import { splitTags } from './sources/source.ts'

/** What a name in an object means. */
interface Meaning {
  name: string
  field: ImportField | undefined
  /** Of two values for one field, that of the higher rank counts. */
  rank: number
}
const RANK = { mapped: 2, ours: 1, other: 0 }

interface Said {
  meaning: Meaning
  cell: Cell
}

interface CellOptions {
  mapping: Mapping
  /** Gets the names that are ignored. */
  ignored: Set<string>
  /** Whether a task goes into the project that it names. */
  takesProjects: boolean
}

/** Turns objects into rows with a cell for each field. Adds the names that it ignores to `ignored`. */
export function createCellWriter(
  found: Findings,
  { mapping, ignored, takesProjects }: CellOptions
) {
  const meanings = new Map<string, Meaning>()

  const meaningOf = (name: string): Meaning => {
    const known = meanings.get(name)
    if (known) {
      return known
    }
    const meaning = readName(name, mapping, takesProjects)
    if (meanings.size < MAX_COLUMNS || meaning.rank === RANK.mapped) {
      meanings.set(name, meaning)
    }
    return meaning
  }
  const ignore = ({ name }: Meaning) => {
    if (ignored.size < MAX_COLUMNS) {
      ignored.add(printable(name, MAX_COLUMN_NAME))
    }
  }
  return {
    /** Returns the cells of an object; `own` are the fields that only an export of ours calls so. */
    cellsOf(values: Record<string, unknown>, own: readonly ImportField[]): Cells {
      const row = new Map<ImportField, Said>()
      for (const [name, value] of Object.entries(values)) {
        const said = meaningOf(name)
        const field = own.find((field) => field === name)
        const isOurs = field !== undefined && said.rank !== RANK.mapped
        const meaning = isOurs ? { name, field, rank: RANK.ours } : said
        if (meaning.field === undefined) {
          ignore(meaning)
          continue
        }
        const cell = cellOf(value, meaning.field)
        const { winner, loser } = settle(row.get(meaning.field), { meaning, cell })
        row.set(meaning.field, winner)
        if (loser) {
          ignore(loser)
          warnNotUsed(found, loser, [winner.meaning])
        }
      }
      return IMPORT_FIELDS.map((field) => row.get(field)?.cell)
    },
    /** Throws when the sender speaks of a name that no object has had. */
    checkNames(): void {
      if (meanings.size > 0) {
        checkMapping(mapping, [...meanings.keys()])
      }
    }
  }
}

function readName(name: string, mapping: Mapping, takesProjects: boolean): Meaning {
  const key = keyOf(name.trim())
  const mapped = mapping.columns.get(key)
  if (mapped) {
    return { name, field: mapped.field ?? undefined, rank: RANK.mapped }
  }
  const known = FIELDS_BY_KEY.get(key)
  const field = known === PROJECT_NAME && !takesProjects ? undefined : known
  return { name, field, rank: isOurName(key) ? RANK.ours : RANK.other }
}

/** An empty value replaces no other. Only tags can be said under several names by the sender: these are joined. */
function settle(first: Said | undefined, second: Said): { winner: Said; loser?: Meaning } {
  if (!first || (isBlank(first.cell) && !isBlank(second.cell))) {
    return { winner: second }
  }
  if (isBlank(second.cell)) {
    return { winner: first }
  }
  const [before, now] = [first.meaning, second.meaning]
  if (before.rank === RANK.mapped && now.rank === RANK.mapped) {
    return { winner: { ...first, cell: [...tagsIn(first.cell), ...tagsIn(second.cell)] } }
  }
  return now.rank > before.rank ? { winner: second, loser: before } : { winner: first, loser: now }
}

const tagsIn = (cell: Cell): (string | null)[] =>
  Array.isArray(cell) ? cell : splitTags(cellText(cell), /\|/)

/** Numbers and the like are read as texts. What can be none is rejected where the field is judged. */
function cellOf(given: unknown, field: ImportField): Cell {
  const value = field === PROJECT_NAME ? nameIn(given) : given
  if (typeof value !== 'object' || value === null) {
    return value === null ? null : String(value)
  }
  const list = Array.isArray(value) ? value.map(textOf) : [null]
  return isKeptField(field) ? cellText(list) : list
}

/** A project may be an object with a name, or the first of a list. */
function nameIn(value: unknown): string | null {
  const first: unknown = Array.isArray(value) ? value[0] : value
  const name = typeof first === 'object' && first !== null ? Object(first).name : first
  return name == null ? null : textOf(name)
}

const textOf = (value: unknown): string | null => (typeof value === 'object' ? null : String(value))
