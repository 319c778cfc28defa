import type { Change } from '../../src/features/changes/schema.ts'
import type { TaskComment } from '../../src/features/comments/schema.ts'
import type { Project, ProjectMember } from '../../src/features/projects/schema.ts'
import type { Task } from '../../src/features/tasks/schema.ts'
import { commentsUrl } from './comments.ts'
import { HELD_BACK_MS } from './follower.ts'
import { projectUrl } from './projects.ts'
import { readPatiently } from './task-mirror.ts'
import type { Person } from './test-app.ts'
import { waitUntil } from './wait-until.ts'

const CHANGES = '/api/v1/changes'

/** Everything that somebody sees, by ids: what a program keeps that follows their feed. */
export interface Seen {
  tasks: Map<string, Task>
  projects: Map<string, Project>
  /** By project and user. */
  members: Map<string, ProjectMember>
  comments: Map<string, TaskComment>
}
const nothing = (): Seen => ({
  tasks: new Map(),
  projects: new Map(),
  members: new Map(),
  comments: new Map()
})

/** Reads what somebody sees, and undefined where it has just gone out of sight; a busy machine takes several times. */
async function read<T>(who: Person, url: string): Promise<T | undefined> {
  const response = await readPatiently(who, url)
  if (response.statusCode === 404) {
    return undefined
  }
  if (response.statusCode !== 200) {
    throw new Error(`${url}: ${response.body}`)
  }
  return response.json()
}

interface Page<T> {
  data: T[]
  pagination: { has_more: boolean }
}

/** What a list of a history shows, which is never long. */
async function list<T>(who: Person, url: string): Promise<T[]> {
  const page = await read<Page<T>>(who, url)
  if (page?.pagination.has_more) {
    throw new Error(`${url} is too long`)
  }
  return page?.data ?? []
}

async function listProject(who: Person, id: string, into: Seen): Promise<void> {
  const project = await read<Project>(who, projectUrl({ id }))
  if (project === undefined) {
    return
  }
  into.projects.set(id, project)
  for (const member of await list<ProjectMember>(who, projectUrl({ id }, '/members?limit=100'))) {
    into.members.set(`${id} ${member.user_id}`, member)
  }
  await listTasks(who, `/api/v1/tasks?limit=100&project_id=${id}`, into)
}

async function listTasks(who: Person, url: string, into: Seen): Promise<void> {
  for (const task of await list<Task>(who, url)) {
    into.tasks.set(task.id, task)
    await listComments(who, task, into)
  }
}

async function listComments(who: Person, task: { id: string }, into: Seen): Promise<void> {
  for (const comment of await list<TaskComment>(who, commentsUrl(task, '?limit=100'))) {
    into.comments.set(comment.id, comment)
  }
}

/** Lists everything that somebody sees. */
export async function listAll(who: Person): Promise<Seen> {
  const seen = nothing()
  for (const { id } of await list<Project>(who, '/api/v1/projects?archived=include&limit=100')) {
    await listProject(who, id, seen)
  }
  await listTasks(who, '/api/v1/tasks?limit=100', seen)
  return seen
}

function dropTask(seen: Seen, id: string): void {
  seen.tasks.delete(id)
  for (const comment of seen.comments.values()) {
    if (comment.task_id === id) {
      seen.comments.delete(comment.id)
    }
  }
}

function dropProject(seen: Seen, id: string): void {
  seen.projects.delete(id)
  for (const key of seen.members.keys()) {
    if (key.startsWith(id)) {
      seen.members.delete(key)
    }
  }
  for (const task of seen.tasks.values()) {
    if (task.project_id === id) {
      dropTask(seen, task.id)
    }
  }
}

/** Applies a change to what somebody has seen so far, as the documentation tells integrators to. */
async function apply(who: Person, seen: Seen, change: Change): Promise<void> {
  const { resource, project_id, data } = change
  if (resource.type === 'project') {
    await applyToProject(who, seen, change)
  } else if (resource.type === 'task') {
    await applyToTask(who, seen, change)
  } else if (resource.type === 'comment') {
    // Comments of a task that is not there are listed with it, if it comes.
    const comment = data as TaskComment | null
    const isKnown = comment !== null && seen.tasks.has(comment.task_id)
    put(seen.comments, resource.id, isKnown ? comment : null)
  } else if (resource.type === 'member' && project_id !== null) {
    applyToMember(who, seen, project_id, { id: resource.id, data: data as ProjectMember | null })
  }
}

async function applyToProject(who: Person, seen: Seen, change: Change): Promise<void> {
  const { type, resource, data } = change
  const isBack = type === 'access.gained' || type === 'project.restored'
  if (data !== null && seen.projects.has(resource.id) && !isBack) {
    seen.projects.set(resource.id, data as Project)
    return
  }
  dropProject(seen, resource.id)
  if (data !== null) {
    await listProject(who, resource.id, seen)
  }
}

async function applyToTask(who: Person, seen: Seen, change: Change): Promise<void> {
  const { type, resource, changed_fields, data } = change
  const isElsewhere = ['project_id', 'assignee_id'].some((field) => changed_fields.includes(field))
  if (data !== null && seen.tasks.has(resource.id) && type !== 'task.restored' && !isElsewhere) {
    seen.tasks.set(resource.id, data as Task)
    return
  }
  dropTask(seen, resource.id)
  if (data !== null) {
    seen.tasks.set(resource.id, data as Task)
    await listComments(who, data as Task, seen)
  }
}

const put = <T>(map: Map<string, T>, key: string, value: T | null) =>
  value === null ? map.delete(key) : map.set(key, value)

function applyToMember(
  who: Person,
  seen: Seen,
  projectId: string,
  { id, data }: { id: string; data: ProjectMember | null }
): void {
  put(seen.members, `${projectId} ${id}`, data)
  const project = seen.projects.get(projectId)
  if (project && data && id === who.user.id) {
    seen.projects.set(projectId, { ...project, role: data.role })
  }
}

/** A follower of a person's feed that keeps what it says, and finds fault with it. */
export async function createMirror(who: Person) {
  let cursor: string = (await readPatiently(who, CHANGES)).json().pagination.next_cursor
  const seen = await listAll(who)
  const ids = new Set<string>()
  /** What was said of projects since access to them was lost. */
  const lost = new Map<string, string[]>()
  const repeated: string[] = []

  function note({ id, type, resource, project_id }: Change): void {
    if (ids.has(id)) {
      repeated.push(`${type} ${id} comes twice`)
    }
    ids.add(id)
    if (type === 'access.lost') {
      lost.set(resource.id, lost.get(resource.id) ?? [])
    } else if (type === 'access.gained') {
      lost.delete(resource.id)
    } else if (project_id !== null) {
      lost.get(project_id)?.push(`${type} of a project after access.lost`)
    }
  }

  return {
    who,
    seen,
    /** Whoever gains access again may see by then what happened in between; everybody else must not. */
    faults: () => [...repeated, ...[...lost.values()].flat()],
    /** Reads a page and applies it. */
    async poll(limit: number): Promise<Change[]> {
      const response = await readPatiently(who, `${CHANGES}?limit=${limit}&cursor=${cursor}`)
      if (response.statusCode !== 200) {
        throw new Error(response.body)
      }
      const { data: page, pagination } = response.json()
      for (const change of page) {
        note(change)
        await apply(who, seen, change)
      }
      cursor = pagination.next_cursor
      return page
    },
    /** Reads to the end, and beyond what a server that others use as well holds back. */
    async catchUp(): Promise<void> {
      const { id } = await who.create({ title: 'The end' })
      const isRead = async () => (await this.poll(100)).some(({ resource }) => resource.id === id)
      await waitUntil('the last change', isRead, HELD_BACK_MS)
    }
  }
}
export type Mirror = Awaited<ReturnType<typeof createMirror>>
