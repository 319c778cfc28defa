import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Change } from '../../src/features/changes/schema.ts'
import type { Task } from '../../src/features/tasks/schema.ts'
import type { Person } from './test-app.ts'

/** Sends again while the server is too busy to answer, as a client does that has been told when to come back. */
export async function patiently(send: () => ReturnType<Person['get']>) {
  for (;;) {
    const response = await send()
    if (response.statusCode !== 503) {
      return response
    }
    await nextTurn()
  }
}

export const readPatiently = (who: Person, url: string) => patiently(() => who.get(url))

/** Reads every task that a person sees, page by page; of one project if it is named. */
export async function allTasks(who: Person, project_id?: string): Promise<Task[]> {
  const tasks: Task[] = []
  const filter = project_id === undefined ? '' : `&project_id=${project_id}`
  for (let cursor = ''; ; ) {
    const url = `/api/v1/tasks?limit=100&sort=created_at_asc${filter}${cursor}`
    const response = await readPatiently(who, url)
    if (response.statusCode === 404) {
      return []
    }
    const { data, pagination } = response.json()
    tasks.push(...data)
    if (!pagination.has_more) {
      return tasks
    }
    cursor = `&cursor=${pagination.next_cursor}`
  }
}

/** Tasks as text that is the same for the same tasks. */
export const checksumOf = (tasks: Task[]): string =>
  createHash('sha256')
    .update(
      tasks
        .map((task) => JSON.stringify(task, Object.keys(task).sort()))
        .sort()
        .join('\n')
    )
    .digest('hex')

/** The tasks that somebody who follows the feed knows, where nobody comments and no project comes back. */
export class TaskMirror {
  readonly tasks = new Map<string, Task>()
  readonly seen = new Set<string>()
  /** Changes that came a second time. */
  readonly repeated: string[] = []
  #who: Person

  constructor(who: Person) {
    this.#who = who
  }

  async begin(): Promise<void> {
    this.#take(await allTasks(this.#who))
  }

  async apply(change: Change): Promise<void> {
    if (this.seen.has(change.id)) {
      this.repeated.push(change.id)
    }
    this.seen.add(change.id)
    const { type, resource, data } = change
    if (type === 'access.gained') {
      this.#take(await allTasks(this.#who, resource.id))
    } else if (type === 'access.lost' || type === 'project.deleted') {
      this.#drop(resource.id)
    } else if (resource.type === 'task' && data === null) {
      this.tasks.delete(resource.id)
    } else if (resource.type === 'task') {
      this.#take([data as Task])
    }
  }

  checksum(): string {
    return checksumOf([...this.tasks.values()])
  }

  #take(tasks: Task[]): void {
    for (const task of tasks) {
      const known = this.tasks.get(task.id)
      if (known === undefined || task.version >= known.version) {
        this.tasks.set(task.id, task)
      }
    }
  }

  #drop(projectId: string): void {
    for (const [id, { project_id }] of this.tasks) {
      if (project_id === projectId) {
        this.tasks.delete(id)
      }
    }
  }
}
