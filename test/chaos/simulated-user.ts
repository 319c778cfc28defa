import { setTimeout as pause } from 'node:timers/promises'
import { v7 as uuidv7 } from 'uuid'
import type { Task } from '../../src/features/tasks/schema.ts'
import type { Answer, Call, Client } from './client.ts'
import type { Known, Ledger } from './ledger.ts'

const TASKS = '/api/v1/tasks'
/** Whoever was told to come again, or was cut off, comes again after this; sooner than Retry-After says, so that a recovery is seen to the tenth of a second. */
const AGAIN_MS = 50
/** How long one goes on asking once the day is over. */
const GRACE_MS = 20_000
/** Between two things to do, so that the machine has something left for whoever starts anew. */
const THINK_MS = 5
/** Tasks one still works on; older ones are left as they are. */
const AT_HAND = 40
/** So often somebody who is told that nothing was changed believes it. */
const BELIEF = 0.3

/** Somebody who works on tasks of their own, one thing after the other, and remembers what they were told. */
export class Person {
  readonly client: Client
  private readonly ledger: Ledger
  private readonly random: () => number
  private readonly tasks: Known[] = []
  private endsAt = Number.POSITIVE_INFINITY
  private day: Promise<void> = Promise.resolve()

  constructor(client: Client, ledger: Ledger, random: () => number) {
    this.client = client
    this.ledger = ledger
    this.random = random
  }

  start(): void {
    this.day = this.work()
  }
  /** Resolves when what was begun is settled. */
  async stop(): Promise<void> {
    this.endsAt = performance.now()
    await this.day
  }

  private async work(): Promise<void> {
    while (this.endsAt === Number.POSITIVE_INFINITY) {
      await this.doSomething(this.random())
      await pause(this.random() * 2 * THINK_MS)
    }
  }

  private async doSomething(dice: number): Promise<void> {
    const task = this.tasks[Math.floor(this.random() * this.tasks.length)]
    if (task === undefined || dice < 0.3) {
      return this.create(true)
    }
    if (dice < 0.4) {
      return this.create(false)
    }
    if (dice < 0.65) {
      return this.change(task)
    }
    if (dice < 0.8) {
      return this.read(task)
    }
    if (dice < 0.88) {
      return this.list()
    }
    if (dice < 0.94) {
      return this.batch(task)
    }
    return this.remove(task)
  }

  /** Asks until it is known what came of it. Undefined when that never was, or when somebody believes that nothing came of it. */
  private async settled(
    call: Call
  ): Promise<{ answer: Answer; isRepeated: boolean; refused: boolean } | undefined> {
    let isRepeated = false
    for (;;) {
      const answer = await this.client.send(call)
      const isRefused =
        answer.status === 503 &&
        !isRepeated &&
        String(answer.body?.detail).includes('Nothing was changed')
      if (isRefused && this.random() < BELIEF) {
        return { answer, isRepeated, refused: true }
      }
      if (
        answer.status !== 0 &&
        answer.status !== 503 &&
        answer.body?.code !== 'idempotency_in_flight'
      ) {
        return { answer, isRepeated, refused: false }
      }
      if (performance.now() > this.endsAt + GRACE_MS) {
        this.ledger.wrong(
          'every call settles once the fault is over',
          `${call.method} ${call.path}`
        )
        return undefined
      }
      isRepeated = true
      await pause(AGAIN_MS)
    }
  }

  private learn({ id, title, version, description }: Task): void {
    this.tasks.push(this.ledger.knows({ id, title, version, description, deleted: false }))
    if (this.tasks.length > AT_HAND) {
      this.tasks.shift()
    }
  }

  /** By an Idempotency-Key, or by an id of one's own. */
  private async create(byKey: boolean): Promise<void> {
    const name = uuidv7()
    const done = await this.settled({
      method: 'POST',
      path: TASKS,
      body: { title: name, description: 'Made', ...(!byKey && { id: name }) },
      ...(byKey && { headers: { 'idempotency-key': name } })
    })
    if (done === undefined) {
      return this.ledger.unsettled(name)
    }
    if (done.refused) {
      return this.ledger.refused(name)
    }
    const {
      answer: { status, body },
      isRepeated
    } = done
    if (status === 201) {
      this.learn(body)
    } else if (!byKey && isRepeated && body.code === 'id_taken') {
      this.learn({ id: name, title: name, version: 1, description: 'Made' } as Task)
    } else {
      this.ledger.wrong('a good request is done', `create → ${status} ${JSON.stringify(body)}`)
    }
  }

  /** With If-Match: a repetition that finds a later version finds its own. */
  private async change(task: Known): Promise<void> {
    const description = uuidv7()
    const done = await this.settled({
      method: 'PATCH',
      path: `${TASKS}/${task.id}`,
      body: { description },
      headers: { 'if-match': `"${task.version}"` }
    })
    if (done?.refused) {
      return
    }
    if (done === undefined) {
      return this.giveUp(task)
    }
    const {
      answer: { status, body },
      isRepeated
    } = done
    const version =
      status === 200
        ? body.version
        : isRepeated && status === 412
          ? body.current_version
          : undefined
    if (version === task.version + 1) {
      Object.assign(task, { version, description })
    } else {
      this.ledger.wrong(
        'a good request is done',
        `change of ${JSON.stringify(task)} → ${status} ${JSON.stringify(body)}`
      )
      this.giveUp(task)
    }
  }

  private async remove(task: Known): Promise<void> {
    const done = await this.settled({
      method: 'DELETE',
      path: `${TASKS}/${task.id}`,
      headers: { 'if-match': `"${task.version}"` }
    })
    if (done?.refused) {
      return
    }
    if (done === undefined) {
      return this.giveUp(task)
    }
    const {
      answer: { status, body },
      isRepeated
    } = done
    this.forget(task)
    if (status === 204 || (isRepeated && status === 404)) {
      Object.assign(task, { version: task.version + 1, deleted: true })
    } else {
      this.ledger.wrong(
        'a good request is done',
        `deletion of ${JSON.stringify(task)} → ${status} ${JSON.stringify(body)}`
      )
      this.giveUp(task)
    }
  }

  /** Two new ones and a change in one transaction. */
  private async batch(task: Known): Promise<void> {
    const names = [uuidv7(), uuidv7()]
    const description = uuidv7()
    const operations = [
      ...names.map((title) => ({ op: 'create', data: { title, description: 'Made in a batch' } })),
      { op: 'update', id: task.id, if_version: task.version, data: { description } }
    ]
    const done = await this.settled({
      method: 'POST',
      path: '/api/v1/task-batches',
      body: { operations },
      headers: { 'idempotency-key': names[0] as string }
    })
    if (done?.refused) {
      for (const name of names) {
        this.ledger.refused(name)
      }
      return
    }
    if (done === undefined) {
      this.ledger.unsettled(...names)
      return this.giveUp(task)
    }
    const {
      answer: { status, body }
    } = done
    if (status !== 200) {
      this.ledger.wrong('a good request is done', `batch → ${status} ${JSON.stringify(body)}`)
      this.ledger.unsettled(...names)
      return this.giveUp(task)
    }
    for (const { task: made } of body.results.slice(0, names.length)) {
      this.learn(made)
    }
    Object.assign(task, { version: task.version + 1, description })
  }

  /** One reads one's own writes, on whichever instance. */
  private async read(task: Known): Promise<void> {
    const { status, body } = await this.client.send({ path: `${TASKS}/${task.id}` })
    if (status === 0 || status === 503) {
      return
    }
    if (status !== 200 || body.version !== task.version || body.description !== task.description) {
      this.ledger.wrong(
        "one reads one's own writes",
        `told ${JSON.stringify(task)}, read ${status} ${JSON.stringify(body)}`
      )
    }
  }

  private async list(): Promise<void> {
    const { status, body } = await this.client.send({
      path: `${TASKS}?limit=5&sort=created_at_desc`
    })
    if (status === 0 || status === 503) {
      return
    }
    const newest = this.tasks.at(-1)
    if (status !== 200 || (newest && !body.data.some(({ id }: Task) => id === newest.id))) {
      this.ledger.wrong(
        "one's newest task is on the first page",
        `${status}, without ${JSON.stringify(newest)}`
      )
    }
  }

  private giveUp(task: Known): void {
    this.ledger.unsettled(task.title)
    this.forget(task)
  }

  private forget(task: Known): void {
    const at = this.tasks.indexOf(task)
    if (at >= 0) {
      this.tasks.splice(at, 1)
    }
  }
}
