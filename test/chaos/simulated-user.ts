import { setTimeout as pause } from 'node:timers/promises'
import { v7 as uuidv7 } from 'uuid'
import type { Task } from '../../src/features/tasks/schema.ts'
import type { ApiRequest, ApiResponse, Client } from './client.ts'
import type { KnownTask, Ledger } from './ledger.ts'

const TASKS = '/api/v1/tasks'
/** The pause before a retry; shorter than Retry-After, so that recovery is measured to a tenth of a second. */
const RETRY_MS = 50
/** How long retries continue after `stop`. */
const GRACE_MS = 20_000
/** The average pause between two operations, so that restarting processes get some CPU. */
const THINK_MS = 5
/** The number of tasks in use; older ones are left as they are. */
const MAX_TASKS = 40
/** The share of rejections that are accepted without a retry. */
const ACCEPTED_REJECTIONS = 0.3
/** Detail of a 503 that guarantees that the request had no effect. */
const NO_EFFECT = /nothing (was |has been )?changed/i

/** The response to a request after all of its retries. */
interface Outcome {
  response: ApiResponse
  isRetried: boolean
  /** The request was rejected without an effect, and not retried. */
  isRejected: boolean
}

/** A user who works on tasks of their own, one request at a time, and records every response in the ledger. */
export class SimulatedUser {
  readonly client: Client
  private readonly ledger: Ledger
  private readonly random: () => number
  private readonly tasks: KnownTask[] = []
  private stopsAt = Number.POSITIVE_INFINITY
  private loop: Promise<void> = Promise.resolve()

  constructor(client: Client, ledger: Ledger, random: () => number) {
    this.client = client
    this.ledger = ledger
    this.random = random
  }

  start(): void {
    this.loop = this.work()
  }
  /** Resolves when the current operation has settled. */
  async stop(): Promise<void> {
    this.stopsAt = performance.now()
    await this.loop
  }

  private async work(): Promise<void> {
    while (this.stopsAt === Number.POSITIVE_INFINITY) {
      await this.runOperation(this.random())
      await pause(this.random() * 2 * THINK_MS)
    }
  }

  private async runOperation(choice: number): Promise<void> {
    const task = this.tasks[Math.floor(this.random() * this.tasks.length)]
    if (task === undefined || choice < 0.3) {
      return this.createWithKey()
    }
    if (choice < 0.4) {
      return this.createWithId()
    }
    if (choice < 0.65) {
      return this.update(task)
    }
    if (choice < 0.8) {
      return this.read(task)
    }
    if (choice < 0.88) {
      return this.list()
    }
    if (choice < 0.94) {
      return this.batch(task)
    }
    return this.delete(task)
  }

  /** Retries until the outcome is known. Returns undefined when it stays unknown until the grace period is over. */
  private async sendUntilSettled(request: ApiRequest): Promise<Outcome | undefined> {
    for (let isRetried = false; ; isRetried = true) {
      const response = await this.client.send(request)
      const { status, body } = response
      const hadNoEffect = status === 503 && !isRetried && NO_EFFECT.test(body?.detail)
      if (hadNoEffect && this.random() < ACCEPTED_REJECTIONS) {
        return { response, isRetried, isRejected: true }
      }
      if (status !== 0 && status !== 503 && body?.code !== 'idempotency_in_flight') {
        return { response, isRetried, isRejected: false }
      }
      if (performance.now() > this.stopsAt + GRACE_MS) {
        this.ledger.violation(
          'every request settles once the fault is over',
          `${request.method} ${request.path}`
        )
        return undefined
      }
      await pause(RETRY_MS)
    }
  }

  private createWithKey(): Promise<void> {
    const name = uuidv7()
    return this.create(name, {
      body: { title: name, description: 'Created' },
      headers: { 'idempotency-key': name }
    })
  }

  private createWithId(): Promise<void> {
    const name = uuidv7()
    return this.create(name, { body: { id: name, title: name, description: 'Created' } })
  }

  private async create(
    title: string,
    request: Pick<ApiRequest, 'headers'> & { body: Partial<Task> }
  ): Promise<void> {
    const outcome = await this.sendUntilSettled({ method: 'POST', path: TASKS, ...request })
    if (outcome === undefined) {
      return this.ledger.recordUnknown(title)
    }
    if (outcome.isRejected) {
      return this.ledger.recordRejected(title)
    }
    const { status, body } = outcome.response
    if (status === 201) {
      this.addTask(body)
    } else if (request.body.id && outcome.isRetried && body.code === 'id_taken') {
      // The id is taken by this very request: an attempt without a response has succeeded.
      this.addTask({ ...request.body, version: 1 } as Task)
    } else {
      this.reportFailure('creation', outcome.response)
    }
  }

  /** Updates with If-Match: a retry that finds the next version finds the effect of its own first attempt. */
  private async update(task: KnownTask): Promise<void> {
    const description = uuidv7()
    const outcome = await this.sendUntilSettled({
      method: 'PATCH',
      path: `${TASKS}/${task.id}`,
      body: { description },
      headers: { 'if-match': `"${task.version}"` }
    })
    if (outcome?.isRejected) {
      return
    }
    if (outcome === undefined) {
      return this.markUnknown(task)
    }
    const { status, body } = outcome.response
    const isOwnEffect = outcome.isRetried && status === 412
    const version = isOwnEffect ? body.current_version : body?.version
    if ((status === 200 || isOwnEffect) && version === task.version + 1) {
      Object.assign(task, { version, description })
    } else {
      this.reportFailure(`update of ${JSON.stringify(task)}`, outcome.response)
      this.markUnknown(task)
    }
  }

  private async delete(task: KnownTask): Promise<void> {
    const outcome = await this.sendUntilSettled({
      method: 'DELETE',
      path: `${TASKS}/${task.id}`,
      headers: { 'if-match': `"${task.version}"` }
    })
    if (outcome?.isRejected) {
      return
    }
    if (outcome === undefined) {
      return this.markUnknown(task)
    }
    this.removeTask(task)
    const { status } = outcome.response
    if (status === 204 || (outcome.isRetried && status === 404)) {
      Object.assign(task, { version: task.version + 1, deleted: true })
    } else {
      this.reportFailure(`deletion of ${JSON.stringify(task)}`, outcome.response)
      this.markUnknown(task)
    }
  }

  /** Creates two tasks and updates one in a single transaction. */
  private async batch(task: KnownTask): Promise<void> {
    const titles = [uuidv7(), uuidv7()]
    const description = uuidv7()
    const operations = [
      ...titles.map((title) => ({ op: 'create', data: { title, description: 'Created' } })),
      { op: 'update', id: task.id, if_version: task.version, data: { description } }
    ]
    const outcome = await this.sendUntilSettled({
      method: 'POST',
      path: '/api/v1/task-batches',
      body: { operations },
      headers: { 'idempotency-key': titles[0] as string }
    })
    if (outcome?.isRejected) {
      for (const title of titles) {
        this.ledger.recordRejected(title)
      }
      return
    }
    if (outcome?.response.status !== 200) {
      if (outcome !== undefined) {
        this.reportFailure('batch', outcome.response)
      }
      this.ledger.recordUnknown(...titles)
      return this.markUnknown(task)
    }
    for (const { task: created } of outcome.response.body.results.slice(0, titles.length)) {
      this.addTask(created)
    }
    Object.assign(task, { version: task.version + 1, description })
  }

  /** Checks read-your-writes, on whichever instance answers. */
  private async read(task: KnownTask): Promise<void> {
    const { status, body } = await this.client.send({ path: `${TASKS}/${task.id}` })
    if (status === 0 || status === 503) {
      return
    }
    if (status !== 200 || body.version !== task.version || body.description !== task.description) {
      this.ledger.violation(
        'users read their own writes',
        `known ${JSON.stringify(task)}, read ${status} ${JSON.stringify(body)}`
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
      this.ledger.violation(
        "a user's newest task is on the first page",
        `${status}, without ${JSON.stringify(newest)}`
      )
    }
  }

  private reportFailure(operation: string, { status, body }: ApiResponse): void {
    this.ledger.violation(
      'a valid request succeeds',
      `${operation} → ${status} ${JSON.stringify(body)}`
    )
  }

  private addTask({ id, title, version, description }: Task): void {
    this.tasks.push(this.ledger.recordTask({ id, title, version, description, deleted: false }))
    if (this.tasks.length > MAX_TASKS) {
      this.tasks.shift()
    }
  }

  private removeTask(task: KnownTask): void {
    const index = this.tasks.indexOf(task)
    if (index >= 0) {
      this.tasks.splice(index, 1)
    }
  }

  private markUnknown(task: KnownTask): void {
    this.ledger.recordUnknown(task.title)
    this.removeTask(task)
  }
}
