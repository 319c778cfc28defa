import type { Answer, Call } from './client.ts'

/** What one knows of a task of one's own from the answers one was given. */
export interface Known {
  id: string
  title: string
  version: number
  description: string | null
  deleted: boolean
}

/** What a fault may do to callers. */
export interface Allowance {
  /** Connections may break, as they do when a process or a network dies. */
  broken: boolean
  /** Calls may be refused with 503 and told when to come again. */
  refused: boolean
  /** Calls may go without an answer for so long that the caller gives up. */
  silent: boolean
  /** No call takes longer. */
  longestMs: number
  /** What a busy machine may add to each promise about time before it counts as broken. */
  marginMs: number
}

/** A task as it is in the database, and one line for each task of its history. */
export interface Row {
  id: string
  title: string
  description: string | null
  version: number
  deleted: boolean
}
export interface History {
  id: string
  events: number
  first: number
  last: number
}

const MAX_EXAMPLES = 10

/** Holds what callers were told, and says afterwards what of it was not true. */
export class Ledger {
  calls = 0
  longestMs = 0
  /** The longest time from the end of a fault until everybody was served again. */
  backMs = 0
  /** The longest time that an instance took to leave. */
  leftMs = 0
  lost = 0
  duplicates = 0
  readonly outcomes = new Map<string, number>()
  /** Broken promises in words, each with how often it happened and the first examples. */
  readonly broken = new Map<string, { count: number; examples: string[] }>()
  private readonly known = new Map<string, Known>()
  /** Titles of tasks of which it was said that nothing was changed, and of those of which nothing is known. */
  private readonly never = new Set<string>()
  private readonly open = new Set<string>()
  private readonly files = new Set<string>()
  private readonly allowance: Allowance

  constructor(allowance: Allowance) {
    this.allowance = allowance
  }

  wrong(promise: string, example = ''): void {
    const entry = this.broken.get(promise) ?? { count: 0, examples: [] }
    entry.count++
    if (entry.examples.length < MAX_EXAMPLES) {
      entry.examples.push(example.slice(0, 500))
    }
    this.broken.set(promise, entry)
  }

  /** How long it took to be back after a fault, held against the promise. */
  back(ms: number, promiseMs: number): void {
    this.backMs = Math.max(this.backMs, ms)
    if (ms > promiseMs + this.allowance.marginMs) {
      this.wrong(`back in service within ${promiseMs / 1000} s`, `${Math.round(ms)} ms`)
    }
  }

  left(ms: number): void {
    this.leftMs = Math.max(this.leftMs, ms)
  }

  /** Counts an answer and holds it against what the fault allows. Refusals below 500 are for those to judge who asked. */
  answered = (
    { method = 'GET', path }: Call,
    { status, fault, headers, body, ms }: Answer
  ): void => {
    this.calls++
    this.longestMs = Math.max(this.longestMs, ms)
    const outcome = fault ?? String(status)
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1)
    const example = `${method} ${path} → ${outcome} after ${Math.round(ms)} ms ${JSON.stringify(body ?? '')}`
    if (
      fault !== undefined &&
      !(fault === 'NO_ANSWER' ? this.allowance.silent : this.allowance.broken)
    ) {
      this.wrong('every call is answered', example)
    }
    if (status === 503 && !this.allowance.refused) {
      this.wrong('no call is refused', example)
    }
    if (status === 503 && headers['retry-after'] === undefined) {
      this.wrong('a 503 says when to come again', example)
    }
    if (status >= 500 && status !== 503) {
      this.wrong('no fault of the surroundings is a 500', example)
    }
    if (ms > this.allowance.longestMs + this.allowance.marginMs) {
      this.wrong(`no call takes longer than ${this.allowance.longestMs / 1000} s`, example)
    }
  }

  /** A task of which an answer has told. Whoever changes it changes the entry when the answer has come. */
  knows(task: Known): Known {
    this.known.set(task.id, task)
    return task
  }
  /** It was said that nothing was changed, and nobody asked again. */
  refused(title: string): void {
    this.never.add(title)
  }
  /** No answer ever told what came of it. */
  unsettled(...titles: (string | undefined)[]): void {
    for (const title of titles) {
      if (title !== undefined) {
        this.open.add(title)
      }
    }
  }

  /** The titles of a file that was taken: each must be there once. */
  imports(titles: string[]): void {
    for (const title of titles) {
      this.files.add(title)
    }
  }

  /** What lists of one's own must show. */
  alive(): Known[] {
    return [...this.known.values()].filter(
      ({ deleted, title }) => !deleted && !this.open.has(title)
    )
  }
  isOpen(title: string): boolean {
    return this.open.has(title)
  }

  /** Holds what was told against what is there. */
  audit(rows: Row[], histories: History[]): void {
    const there = new Map(rows.map((row) => [row.id, row]))
    for (const task of this.known.values()) {
      if (!this.open.has(task.title)) {
        this.compare(task, there.get(task.id))
      }
    }
    const titles = new Map<string, number>()
    for (const { title } of rows) {
      titles.set(title, (titles.get(title) ?? 0) + 1)
    }
    for (const [title, count] of titles) {
      if (count > 1) {
        this.duplicates += count - 1
        this.wrong('a repeated request has one effect', `${count} × ${title}`)
      }
    }
    for (const title of this.files) {
      if (!titles.has(title)) {
        this.lost++
        this.wrong('every row of a file that was taken is there', title)
      }
    }
    for (const { id, title } of rows) {
      if (this.never.has(title)) {
        this.wrong('where nothing was changed, nothing is', title)
      } else if (!this.known.has(id) && !this.open.has(title) && !this.files.has(title)) {
        this.wrong('nothing is there that nobody made', title)
      }
    }
    for (const { id, events, first, last } of histories) {
      const { version } = there.get(id) ?? { version: 0 }
      if (first !== 1 || last !== version || events !== version) {
        this.wrong(
          'the history has every version once',
          `${id}: version ${version}, ${events} events from ${first} to ${last}`
        )
      }
    }
    if (histories.length !== rows.length) {
      this.wrong('every task has a history', `${rows.length} tasks, ${histories.length} histories`)
    }
  }

  private compare(task: Known, row: Row | undefined): void {
    const example = JSON.stringify({ told: task, there: row })
    if (row === undefined || row.version < task.version) {
      this.lost++
      this.wrong('no acknowledged write is lost', example)
    } else if (
      row.version > task.version ||
      row.deleted !== task.deleted ||
      row.description !== task.description ||
      row.title !== task.title
    ) {
      this.wrong('a task is what its last answer said', example)
    }
  }
}
