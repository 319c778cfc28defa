import { hash } from 'node:crypto'
import { isUuidV7 } from '../../lib/uuid.ts'
import { type Cells, cellText } from './csv-reader.ts'
import { PARENT } from './fields.ts'
import { MAX_VALUE } from './file.schema.ts'
import type { Column, Layout } from './header.ts'
import { beginningOf } from './problems.ts'

/** The task of another row, or one by its id. */
export type TaskRef = { row: number } | { id: string }

/** A row that names as its parent what a later row is called, or none. */
export interface LateLink {
  row: number
  /** What the row calls its parent. */
  name: string
  /** Whether the task has an id of its own: then it may be one that exists, and stays where it is. */
  isKept: boolean
  /** Undefined where no row is called so, or none that can be the parent. */
  parent: TaskRef | undefined
  obstacle?: Obstacle | undefined
}

/** Why a row that is the parent cannot be: it is rejected, or comes after one whose task has an id of its own. */
export type Obstacle = 'rejected' | 'later'

/** A row of a file, as far as its place among the others is concerned. */
interface Member {
  row: number
  cells: Cells
  title: string
  /** The id of its task, where that is kept. */
  id: string | undefined
  /** What it calls its parent; empty when it has none. */
  parent: string
  /** The name of its project; null where it is in no such project, whatever its parent is in. */
  project: string | null | undefined
}

/** Where a row is among the others. */
interface RowPlace {
  /** The task that it is below of, if that is known by now. */
  parent?: TaskRef | undefined
  /** The name of its project: its own, else that of its parent. */
  project?: string | null | undefined
}

/** As many bits of a hash as a number has, so that names take little room. */
const KEY_DIGITS = 13
const keyOfName = (name: string): number =>
  Number.parseInt(hash('sha256', name).slice(0, KEY_DIGITS), 16)

/** What a row is said to be below of that names nothing. */
const ABOVE = 'the row above, which is rejected'

export type Family = ReturnType<typeof createFamily>

/** Finds the parents of rows, which name them or are deeper than they are. Keeps a few bytes of each row. */
export function createFamily({ source, columns }: Layout) {
  const isNeeded = columns.some(({ field }) => field === PARENT)
  const late: LateLink[] = []
  const levels = createLevels(late)
  const names = createNames(late)
  const positions = positionsOfNames(columns, source.names)
  let hasParents = false
  const levelOf = (cells: Cells) => source.levelOf?.(readerOf(columns, cells))
  const titleAt = columns.findIndex(({ field }) => field === 'title')
  const namesOf = ({ cells, title }: Pick<Member, 'cells' | 'title'>): string[] => {
    const said = positions.map((at) => cellText(cells[at]).trim()).filter(Boolean)
    return said.length > 0 ? said : [title.trim()]
  }
  return {
    /** Takes notice of the next row of the file, and returns its place. */
    place(member: Member): RowPlace {
      const { row, id, parent } = member
      const level = levelOf(member.cells)
      hasParents ||= parent !== '' || (level ?? 1) > 1
      if (level !== undefined) {
        return { parent: levels.put(level, refOf(row, id), row), project: member.project }
      }
      if (!isNeeded) {
        return { project: member.project }
      }
      const found = parent === '' ? undefined : names.find(member)
      const project = member.project ?? (found && names.projectOf(parent))
      names.remember(namesOf(member), { row, id, project })
      return { parent: found, project }
    },
    /** Takes notice of a row that is rejected: those below it have no parent. */
    passOver(cells: Cells): void {
      const level = levelOf(cells)
      if (level !== undefined) {
        levels.leaveOut(level)
      } else if (isNeeded) {
        names.leaveOut(namesOf({ cells, title: cellText(cells[titleAt]) }))
      }
    },
    /** Whether any row has a parent, and those whose parents have come after them, or not at all. */
    result: () => ({ hasParents, late })
  }
}

/** Knows the last row on each level. */
function createLevels(late: LateLink[]) {
  /** The rows that one is below of, the top first; without a task where they are rejected. */
  const above: { level: number; ref?: TaskRef }[] = []
  const climb = (level: number) => {
    while ((above.at(-1)?.level ?? 0) >= level) {
      above.pop()
    }
  }
  return {
    /** Returns the row that one is below of; undefined at the top. */
    put(level: number, ref: TaskRef, row: number): TaskRef | undefined {
      climb(level)
      const parent = above.at(-1)
      if (parent && !parent.ref) {
        late.push({ row, name: ABOVE, isKept: false, parent: undefined, obstacle: 'rejected' })
      }
      above.push({ level, ref })
      return parent?.ref
    },
    leaveOut(level: number): void {
      climb(level)
      above.push({ level })
    }
  }
}

type Named = Pick<Member, 'row' | 'id' | 'project'>

/** Knows the projects of rows by what these are called; each name of a project is held once. */
function createProjectNames() {
  const numbers = new Map<string, number>()
  const names: string[] = []
  const byKey = new Map<number, number>()
  return {
    get: (key: number): string | undefined => names[byKey.get(key) ?? -1],
    set(key: number, project: string | null | undefined): void {
      if (project == null) {
        byKey.delete(key)
        return
      }
      const number = numbers.get(project) ?? names.push(project) - 1
      numbers.set(project, number)
      byKey.set(key, number)
    }
  }
}

/** Knows the rows by what they are called: of several with one name, the last. */
function createNames(late: LateLink[]) {
  const rows = new Map<number, TaskRef | number>()
  const waiting = new Map<number, LateLink[]>()
  const rejected = new Set<number>()
  const projects = createProjectNames()
  const rememberAs = (name: string, { row, id, project }: Named) => {
    const key = keyOfName(name)
    rows.set(key, id === undefined ? row : { id })
    projects.set(key, project)
    for (const link of waiting.get(key) ?? []) {
      link.parent = link.isKept ? undefined : refOf(row, id)
      link.obstacle = link.isKept ? 'later' : undefined
    }
    waiting.delete(key)
  }
  return {
    remember(names: string[], named: Named): void {
      for (const name of names) {
        // A task with such a name is found by its id.
        if (!isUuidV7(name)) {
          rememberAs(name, named)
        }
      }
    },
    projectOf: (name: string): string | undefined => projects.get(keyOfName(name)),
    /** Takes notice of what a row is called that is rejected. */
    leaveOut(names: string[]): void {
      for (const key of names.map(keyOfName)) {
        rejected.add(key)
        for (const link of waiting.get(key) ?? []) {
          link.obstacle = 'rejected'
        }
      }
    },
    find({ row, id, parent: name }: Member): TaskRef | undefined {
      if (isUuidV7(name)) {
        return { id: name.toLowerCase() }
      }
      const key = keyOfName(name)
      const found = rows.get(key)
      if (found !== undefined) {
        return typeof found === 'number' ? { row: found } : found
      }
      const isKept = id !== undefined
      const link: LateLink = { row, name: beginningOf(name, MAX_VALUE), isKept, parent: undefined }
      link.obstacle = rejected.has(key) ? 'rejected' : undefined
      late.push(link)
      const others = waiting.get(key)
      others ? others.push(link) : waiting.set(key, [link])
      return undefined
    }
  }
}

const refOf = (row: number, id: string | undefined): TaskRef =>
  id === undefined ? { row } : { id }

const readerOf = (columns: Column[], cells: Cells) => (key: string) =>
  cellText(cells[columns.findIndex((column) => column.key === key)])

/** The columns that say what others call a row: those of the program, else the one of the id. */
function positionsOfNames(columns: Column[], names: readonly string[] | undefined): number[] {
  const isName = ({ key, field }: Column) =>
    names ? names.includes(key) : field === 'id' || (field === undefined && key === 'id')
  return columns.flatMap((column, i) => (isName(column) ? [i] : []))
}
