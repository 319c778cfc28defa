import { setTimeout as pause } from 'node:timers/promises'
import { v7 as uuidv7 } from 'uuid'
import type { Client } from './client.ts'
import type { Told } from './history.ts'
import type { Ledger } from './ledger.ts'

const TASKS = '/api/v1/tasks'
/** Few, so that everybody is in everybody's way. */
const SHARED = 6
const PAGE = 20
const THINK_MS = 5
const AGAIN_MS = 50
/** The text of a task's first version. */
export const FIRST = 'Made'

interface Entry {
  id: string
  created_at: string
}

/** Several people at work on the same few tasks, with conditions and without, who remember each call; and one who reads the list over and over. */
export class Team {
  readonly told: Told[] = []
  private readonly tasks: string[] = []
  /** When the answer came that told of each task of the account. */
  private readonly made = new Map<string, number>()
  private readonly ledger: Ledger
  private readonly random: () => number
  private isOver = false
  private days: Promise<void>[] = []

  constructor(ledger: Ledger, random: () => number) {
    this.ledger = ledger
    this.random = random
  }

  /** Makes the shared tasks and begins. */
  async start(reader: Client, writers: Client[]): Promise<void> {
    for (let number = 0; number < SHARED; number++) {
      this.tasks.push((await this.create(writers[0] as Client)) as string)
    }
    this.days = [this.readLists(reader), ...writers.map((client) => this.write(client))]
  }

  async stop(): Promise<void> {
    this.isOver = true
    await Promise.all(this.days)
  }

  private async write(client: Client): Promise<void> {
    const seen = new Map<string, number>()
    while (!this.isOver) {
      const task = this.tasks[Math.floor(this.random() * SHARED)] as string
      const dice = this.random()
      const version =
        dice < 0.05
          ? await this.add(client)
          : dice < 0.4
            ? await this.read(client, task)
            : await this.change(client, task, dice < 0.75 ? seen.get(task) : undefined)
      if (version !== undefined) {
        seen.set(task, version)
      }
      await pause(this.random() * 2 * THINK_MS)
    }
  }

  private async create(client: Client): Promise<string | undefined> {
    const startedAt = performance.now()
    const { status, body } = await client.send({
      method: 'POST',
      path: TASKS,
      body: { title: uuidv7(), description: FIRST }
    })
    if (status !== 201) {
      await this.unserved(status, 'create')
      return undefined
    }
    const endedAt = performance.now()
    this.told.push({
      task: body.id,
      kind: 'write',
      startedAt,
      endedAt,
      version: body.version,
      text: FIRST
    })
    this.made.set(body.id, endedAt)
    return body.id
  }

  /** One more for whoever reads lists. */
  private async add(client: Client): Promise<undefined> {
    await this.create(client)
  }

  private async read(client: Client, task: string): Promise<number | undefined> {
    const startedAt = performance.now()
    const { status, body } = await client.send({ path: `${TASKS}/${task}` })
    if (status !== 200) {
      return this.unserved(status, 'read')
    }
    this.told.push({
      task,
      kind: 'read',
      startedAt,
      endedAt: performance.now(),
      version: body.version,
      text: body.description
    })
    return body.version
  }

  private async change(
    client: Client,
    task: string,
    wanted: number | undefined
  ): Promise<number | undefined> {
    const text = uuidv7()
    const startedAt = performance.now()
    const { status, body } = await client.send({
      method: 'PATCH',
      path: `${TASKS}/${task}`,
      body: { description: text },
      ...(wanted !== undefined && { headers: { 'if-match': `"${wanted}"` } })
    })
    const endedAt = performance.now()
    if (status === 412) {
      return body.current_version
    }
    this.told.push({
      task,
      kind: 'write',
      startedAt,
      endedAt,
      version: status === 200 ? body.version : undefined,
      text,
      wanted
    })
    return status === 200 ? body.version : this.unserved(status, 'change')
  }

  private async unserved(status: number, what: string): Promise<undefined> {
    if (status !== 0 && status !== 503) {
      this.ledger.wrong('a good request is done', `${what} → ${status}`)
    }
    await pause(AGAIN_MS)
    return undefined
  }

  /** From its first page to its last, while others add to it: whatever was there before is there, once and in order. */
  private async readLists(client: Client): Promise<void> {
    while (!this.isOver) {
      const since = performance.now()
      const entries = await this.wholeList(client)
      if (entries === undefined) {
        continue
      }
      const seen = new Set(entries.map(({ id }) => id))
      if (seen.size < entries.length) {
        this.ledger.wrong('a list shows a task once', `${entries.length - seen.size} twice`)
      }
      for (const [id, at] of this.made) {
        if (at < since && !seen.has(id)) {
          this.ledger.wrong('a list shows every task', id)
        }
      }
      for (const [i, { id, created_at }] of entries.entries()) {
        const before = entries[i - 1]
        if (
          before &&
          (before.created_at < created_at || (before.created_at === created_at && before.id < id))
        ) {
          this.ledger.wrong('a list keeps its order', `${before.id} before ${id}`)
        }
      }
      await pause(AGAIN_MS)
    }
  }

  private async wholeList(client: Client): Promise<Entry[] | undefined> {
    const entries: Entry[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { status, body } = await client.send({
        path: `${TASKS}?limit=${PAGE}${cursor && `&cursor=${cursor}`}`
      })
      if (status !== 200) {
        return this.unserved(status, 'list')
      }
      entries.push(...body.data)
      cursor = body.pagination.next_cursor
    }
    return entries
  }
}
