import type { ApiRequest, ApiResponse } from './client.ts'

/** The state of a task according to the responses that its owner has received. */
export interface KnownTask {
  id: string
  title: string
  version: number
  description: string | null
  deleted: boolean
}

/** What a fault may do to callers. */
export interface Allowance {
  /** Connections may break, as they do when a process or a network dies. */
  connectionErrors: boolean
  /** Calls may be rejected with 503 and Retry-After. */
  unavailable: boolean
  /** Calls may remain without a response until the caller's timeout. */
  timeouts: boolean
  /** No call takes longer. */
  maxMs: number
  /** What a busy machine may add to each time limit before it counts as exceeded. */
  marginMs: number
}

/** A task as it is in the database. */
export interface StoredTask {
  id: string
  title: string
  description: string | null
  version: number
  deleted: boolean
}
/** The events of a task in the database: how many there are, and the lowest and the highest version. */
export interface StoredHistory {
  id: string
  events: number
  first: number
  last: number
}

export interface Violation {
  count: number
  examples: string[]
}

const MAX_EXAMPLES = 10

/** Records the responses of callers, and checks them against the stored state afterwards. */
export class Ledger {
  calls = 0
  maxLatencyMs = 0
  /** The longest time from the end of a fault until every probe was served again. */
  recoveryMs = 0
  /** The longest time that an instance took to shut down. */
  shutdownMs = 0
  lost = 0
  duplicates = 0
  readonly outcomes = new Map<string, number>()
  /** The guarantees that were broken, each with a count and the first examples. */
  readonly violations = new Map<string, Violation>()
  private readonly known = new Map<string, KnownTask>()
  /** Titles of tasks whose creation was rejected. */
  private readonly rejected = new Set<string>()
  /** Titles of tasks whose state is unknown. */
  private readonly unknown = new Set<string>()
  private readonly uploaded = new Set<string>()
  private readonly allowance: Allowance

  constructor(allowance: Allowance) {
    this.allowance = allowance
  }

  violation(guarantee: string, example = ''): void {
    const entry = this.violations.get(guarantee) ?? { count: 0, examples: [] }
    entry.count++
    if (entry.examples.length < MAX_EXAMPLES) {
      entry.examples.push(example.slice(0, 500))
    }
    this.violations.set(guarantee, entry)
  }

  /** Records the time from the end of a fault to recovery, and checks it against its limit. */
  recordRecovery(ms: number, limitMs: number): void {
    this.recoveryMs = Math.max(this.recoveryMs, ms)
    if (ms > limitMs + this.allowance.marginMs) {
      this.violation(`recovery within ${limitMs / 1000} s`, `${Math.round(ms)} ms`)
    }
  }

  recordShutdown(ms: number): void {
    this.shutdownMs = Math.max(this.shutdownMs, ms)
  }

  /** Counts a response and checks it against the allowance. Whoever sent the request judges statuses below 500. */
  recordResponse = (request: ApiRequest, response: ApiResponse): void => {
    const { method = 'GET', path } = request
    const { status, error, body, ms } = response
    this.calls++
    this.maxLatencyMs = Math.max(this.maxLatencyMs, ms)
    const outcome = error ?? String(status)
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1)
    const example = `${method} ${path} → ${outcome} after ${Math.round(ms)} ms ${JSON.stringify(body ?? '')}`
    for (const guarantee of brokenBy(response, this.allowance)) {
      this.violation(guarantee, example)
    }
  }

  /** Records a task that a response has returned. Whoever changes it updates the returned entry upon the response. */
  recordTask(task: KnownTask): KnownTask {
    this.known.set(task.id, task)
    return task
  }
  /** Records that a creation was rejected without an effect, and not retried. */
  recordRejected(title: string): void {
    this.rejected.add(title)
  }
  /** Records that the outcome of a request on these tasks stayed unknown. */
  recordUnknown(...titles: string[]): void {
    for (const title of titles) {
      this.unknown.add(title)
    }
  }
  /** Records the titles in an accepted file: each must exist once. */
  recordUpload(titles: string[]): void {
    for (const title of titles) {
      this.uploaded.add(title)
    }
  }

  /** The ids of tasks that lists must show. */
  liveTaskIds(): string[] {
    return [...this.known.values()]
      .filter(({ deleted, title }) => !deleted && !this.unknown.has(title))
      .map(({ id }) => id)
  }

  /** Checks what was recorded against what is stored. */
  audit(tasks: StoredTask[], histories: StoredHistory[]): void {
    const stored = new Map(tasks.map((task) => [task.id, task]))
    for (const task of this.known.values()) {
      if (!this.unknown.has(task.title)) {
        this.compare(task, stored.get(task.id))
      }
    }
    this.auditTitles(tasks)
    this.auditOrigins(tasks)
    this.auditHistories(stored, histories)
  }

  private compare(task: KnownTask, row: StoredTask | undefined): void {
    const example = JSON.stringify({ known: task, stored: row })
    if (row === undefined || row.version < task.version) {
      this.lost++
      this.violation('no acknowledged write is lost', example)
    } else if (
      row.version > task.version ||
      row.deleted !== task.deleted ||
      row.description !== task.description ||
      row.title !== task.title
    ) {
      this.violation('a task is what the last response said', example)
    }
  }

  /** Titles are unique per request: a title that occurs twice is a request that was executed twice. */
  private auditTitles(tasks: StoredTask[]): void {
    const counts = new Map<string, number>()
    for (const { title } of tasks) {
      counts.set(title, (counts.get(title) ?? 0) + 1)
    }
    for (const [title, count] of counts) {
      if (count > 1) {
        this.duplicates += count - 1
        this.violation('a retried request has one effect', `${count} × ${title}`)
      }
    }
    for (const title of this.uploaded) {
      if (!counts.has(title)) {
        this.lost++
        this.violation('every row of an accepted file is imported', title)
      }
    }
  }

  private auditOrigins(tasks: StoredTask[]): void {
    for (const { id, title } of tasks) {
      const isExpected = this.known.has(id) || this.unknown.has(title) || this.uploaded.has(title)
      if (this.rejected.has(title)) {
        this.violation('a rejected request has no effect', title)
      } else if (!isExpected) {
        this.violation('every task was created by a known request', title)
      }
    }
  }

  private auditHistories(stored: Map<string, StoredTask>, histories: StoredHistory[]): void {
    for (const { id, events, first, last } of histories) {
      const { version } = stored.get(id) ?? { version: 0 }
      if (first !== 1 || last !== version || events !== version) {
        this.violation(
          'the history has every version once',
          `${id}: version ${version}, ${events} events from ${first} to ${last}`
        )
      }
    }
    if (histories.length !== stored.size) {
      this.violation(
        'every task has a history',
        `${stored.size} tasks, ${histories.length} histories`
      )
    }
  }
}

/** The guarantees to callers that a response breaks. */
function brokenBy({ status, error, headers, ms }: ApiResponse, allowance: Allowance): string[] {
  const broken: string[] = []
  const isErrorAllowed = error === 'TIMEOUT' ? allowance.timeouts : allowance.connectionErrors
  if (error !== undefined && !isErrorAllowed) {
    broken.push('every call gets a response')
  }
  if (status === 503 && !allowance.unavailable) {
    broken.push('no call is rejected with 503')
  }
  if (status === 503 && headers['retry-after'] === undefined) {
    broken.push('a 503 has Retry-After')
  }
  if (status >= 500 && status !== 503) {
    broken.push('an infrastructure fault is never reported as 500')
  }
  if (ms > allowance.maxMs + allowance.marginMs) {
    broken.push(`no call takes longer than ${allowance.maxMs / 1000} s`)
  }
  return broken
}
