import { setTimeout as pause } from 'node:timers/promises'
import { v7 as uuidv7 } from 'uuid'
import type { Client } from './client.ts'
import type { Ledger } from './ledger.ts'
import type { RecordedCall } from './linearizability.ts'
import { checkList, type ListEntry } from './list-checks.ts'

const TASKS = '/api/v1/tasks'
/** Few, so that writers conflict. */
const SHARED_TASKS = 6
const PAGE_SIZE = 20
const THINK_MS = 5
const RETRY_MS = 50
/** The description of a task's first version. */
export const FIRST_DESCRIPTION = 'Created'

/** Writers on the same few tasks, with and without If-Match, whose calls are recorded; and a reader of the list. */
export class SharedWorkload {
  readonly calls: RecordedCall[] = []
  private readonly tasks: string[] = []
  /** When the response to each creation arrived, by task id. */
  private readonly createdAt = new Map<string, number>()
  private readonly ledger: Ledger
  private readonly random: () => number
  private isStopped = false
  private loops: Promise<void>[] = []

  constructor(ledger: Ledger, random: () => number) {
    this.ledger = ledger
    this.random = random
  }

  /** Creates the shared tasks and begins. */
  async start(reader: Client, writers: Client[]): Promise<void> {
    for (let number = 0; number < SHARED_TASKS; number++) {
      this.tasks.push((await this.create(writers[0] as Client)) as string)
    }
    this.loops = [this.readLists(reader), ...writers.map((client) => this.write(client))]
  }

  async stop(): Promise<void> {
    this.isStopped = true
    await Promise.all(this.loops)
  }

  private async write(client: Client): Promise<void> {
    const seen = new Map<string, number>()
    while (!this.isStopped) {
      const task = this.tasks[Math.floor(this.random() * SHARED_TASKS)] as string
      const version = await this.writeOnce(client, task, seen.get(task))
      if (version !== undefined) {
        seen.set(task, version)
      }
      await pause(this.random() * 2 * THINK_MS)
    }
  }

  /** Sends one random call; returns the version of the task that it has seen. */
  private async writeOnce(
    client: Client,
    task: string,
    seenVersion: number | undefined
  ): Promise<number | undefined> {
    const choice = this.random()
    if (choice < 0.05) {
      // One more task, for the reader of the list.
      await this.create(client)
      return undefined
    }
    if (choice < 0.4) {
      return this.read(client, task)
    }
    return this.update(client, task, choice < 0.75 ? seenVersion : undefined)
  }

  private async create(client: Client): Promise<string | undefined> {
    const startedAt = performance.now()
    const { status, body } = await client.send({
      method: 'POST',
      path: TASKS,
      body: { title: uuidv7(), description: FIRST_DESCRIPTION }
    })
    if (status !== 201) {
      return this.handleFailure(status, 'create')
    }
    const endedAt = performance.now()
    this.calls.push({
      task: body.id,
      kind: 'write',
      startedAt,
      endedAt,
      version: body.version,
      text: FIRST_DESCRIPTION
    })
    this.createdAt.set(body.id, endedAt)
    return body.id
  }

  private async read(client: Client, task: string): Promise<number | undefined> {
    const startedAt = performance.now()
    const { status, body } = await client.send({ path: `${TASKS}/${task}` })
    if (status !== 200) {
      return this.handleFailure(status, 'read')
    }
    this.calls.push({
      task,
      kind: 'read',
      startedAt,
      endedAt: performance.now(),
      version: body.version,
      text: body.description
    })
    return body.version
  }

  private async update(
    client: Client,
    task: string,
    expectedVersion: number | undefined
  ): Promise<number | undefined> {
    const text = uuidv7()
    const startedAt = performance.now()
    const { status, body } = await client.send({
      method: 'PATCH',
      path: `${TASKS}/${task}`,
      body: { description: text },
      ...(expectedVersion !== undefined && { headers: { 'if-match': `"${expectedVersion}"` } })
    })
    const endedAt = performance.now()
    if (status === 412) {
      return body.current_version
    }
    this.calls.push({
      task,
      kind: 'write',
      startedAt,
      endedAt,
      version: status === 200 ? body.version : undefined,
      text,
      expectedVersion
    })
    return status === 200 ? body.version : this.handleFailure(status, 'update')
  }

  /** Reports a failure that no fault explains, and pauses before the next call. */
  private async handleFailure(status: number, operation: string): Promise<undefined> {
    if (status !== 0 && status !== 503) {
      this.ledger.violation('a valid request succeeds', `${operation} → ${status}`)
    }
    await pause(RETRY_MS)
    return undefined
  }

  /** Reads the whole list again and again: a task that existed before is in it, once and in order. */
  private async readLists(client: Client): Promise<void> {
    while (!this.isStopped) {
      const startedAt = performance.now()
      const entries = await this.readList(client)
      if (entries === undefined) {
        continue
      }
      const missing = this.createdBefore(startedAt).difference(new Set(entries.map(({ id }) => id)))
      for (const id of missing) {
        this.ledger.violation('a list shows every task', id)
      }
      for (const [guarantee, example] of checkList(entries)) {
        this.ledger.violation(guarantee, example)
      }
      await pause(RETRY_MS)
    }
  }

  private createdBefore(time: number): Set<string> {
    const ids = [...this.createdAt].filter(([, at]) => at < time).map(([id]) => id)
    return new Set(ids)
  }

  private async readList(client: Client): Promise<ListEntry[] | undefined> {
    const entries: ListEntry[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { status, body } = await client.send({
        path: `${TASKS}?limit=${PAGE_SIZE}${cursor && `&cursor=${cursor}`}`
      })
      if (status !== 200) {
        return this.handleFailure(status, 'list')
      }
      entries.push(...body.data)
      cursor = body.pagination.next_cursor
    }
    return entries
  }
}
