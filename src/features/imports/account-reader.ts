import { validatorOf } from '../../http/validation.ts'
import { isDate, isTimestamp, normalizeTimestamp } from '../../lib/timestamp.ts'
import { isUuidV7, millisecondsOf } from '../../lib/uuid.ts'
import { schemas as commentSchemas, TaskCommentCreate } from '../comments/schema.ts'
import { ProjectCreate, schemas as projectSchemas } from '../projects/schema.ts'
import { keyOf, PROJECT } from './fields.ts'
import type { Findings } from './findings.ts'
import type { Mapping } from './mapping.ts'
import type { CommentRecord, ProjectRecord } from './phases.ts'
import { beginningOf } from './problems.ts'

type Values = Record<string, unknown>

/** What an account's export has beside tasks, as far as it has been read. */
export interface AccountBatch {
  projects: ProjectRecord[]
  comments: CommentRecord[]
}

interface AccountOptions {
  mapping: Mapping
  project_id?: string | undefined
  create_projects?: boolean | undefined
}

export type AccountReader = ReturnType<typeof createAccountReader>

/** Many times as many as somebody may own by default. */
const MAX_PROJECTS = 10_000
/** Names of people that are kept for their comments. */
const MAX_NAMES = 10_000
const MAX_NAME = 254
/** Clocks differ by less. */
const DAY_MS = 86_400_000
const validateProject = validatorOf(ProjectCreate, projectSchemas)
const validateComment = validatorOf(TaskCommentCreate, commentSchemas)

type Counts = Record<'events' | 'people' | 'projects' | 'trashed' | 'invalid', number>
/** What is counted and not taken. */
const COUNTED: ReadonlyMap<string, keyof Counts> = new Map([
  ['task_event', 'events'],
  ['project_member', 'people'],
  ['project_membership', 'people'],
  ['invitation_sent', 'people'],
  ['invitation_received', 'people']
])

/** Reads the records of an account's export that are no tasks. What is not taken is counted, and told at the end. */
export function createAccountReader(
  found: Findings,
  { mapping, project_id, create_projects = true }: AccountOptions
) {
  const takesProjects = project_id === undefined && !mapping.columns.has(keyOf(PROJECT))
  const counts: Counts = { events: 0, people: 0, projects: 0, trashed: 0, invalid: 0 }
  const projects = new Set<string>()
  const comments = createCommentReader()
  let isAccount = false
  let batch: AccountBatch = { projects: [], comments: [] }

  const addProject = (data: Values) => {
    const project = projectOf(data)
    if (!takesProjects || !create_projects) {
      counts.projects++
    } else if (data.deleted_at != null) {
      counts.trashed++
    } else if (project && projects.size < MAX_PROJECTS) {
      projects.add(project.id)
      batch.projects.push(project)
    } else {
      counts.invalid++
    }
  }
  return {
    /** Takes notice of a record. */
    add(type: string, data: Values): void {
      isAccount = true
      const kind = COUNTED.get(type)
      if (kind) {
        counts[kind]++
      }
      comments.notePerson(type, data)
      if (type === 'project') {
        addProject(data)
      } else if (type === 'task_comment') {
        const comment = comments.read(data)
        comment ? batch.comments.push(comment) : counts.invalid++
      }
    },
    /** Tells whether the file is that of an account. */
    isAccount: () => isAccount,
    /** Tells whether the file has a project, which is then created. */
    hasProject: (id: string): boolean => projects.has(id),
    /** Returns what has been read since the last time. */
    take(): AccountBatch {
      const taken = batch
      batch = { projects: [], comments: [] }
      return taken
    },
    isWaiting: (): boolean => batch.projects.length + batch.comments.length > 0,
    end: (): void => tell(found, counts)
  }
}

/** Reads comments, and knows who wrote them. */
function createCommentReader() {
  const names = new Map<string, string>()
  let account_id: string | undefined
  const noteName = (id: string | undefined, name: unknown) => {
    if (id && typeof name === 'string' && names.size < MAX_NAMES) {
      names.set(id, beginningOf(name, MAX_NAME))
    }
  }
  return {
    /** Takes notice of whose export it is, and of the names of others. */
    notePerson(type: string, values: Values): void {
      const { id, user_id, display_name, name, username } = values
      if (type === 'account') {
        account_id = idIn(id)
        noteName(account_id, name ?? username)
      } else if (type === 'project_member') {
        noteName(idIn(user_id), display_name)
      }
    },
    /** Returns a comment; undefined for one that is not valid. */
    read(data: Values): CommentRecord | undefined {
      const comment = commentOf(data)
      if (!comment) {
        return undefined
      }
      const { author_id } = comment
      const author = names.get(author_id)
      return {
        ...comment,
        is_own: author_id === account_id,
        ...(author !== undefined && { author })
      }
    }
  }
}

const idIn = (value: unknown): string | undefined =>
  typeof value === 'string' && isUuidV7(value) ? value.toLowerCase() : undefined

/** Returns a moment of the past; undefined for any other value. */
function momentIn(value: unknown): string | undefined {
  const at = typeof value === 'string' && !isDate(value) && isTimestamp(value) ? value : undefined
  return at && normalizeTimestamp(at)
}

function projectOf({ id, name, description, color, archived, created_at }: Values) {
  const key = idIn(id)
  const body = { name, description: description ?? null, color: color ?? null }
  if (key === undefined || validateProject(body).length > 0) {
    return undefined
  }
  const at = momentIn(created_at)
  const fields = {
    ...(body as Pick<ProjectRecord, keyof typeof body>),
    archived: archived === true
  }
  return { id: key, ...fields, ...(at && { created_at: at }) } satisfies ProjectRecord
}

function commentOf({ id, task_id, author_id, body, created_at, edited_at }: Values) {
  const [key, task, author] = [idIn(id), idIn(task_id), idIn(author_id)]
  if (!key || !task || !author || validateComment({ body }).length > 0) {
    return undefined
  }
  // Comments are in the order of their ids: behind one of the future no later one would be the last.
  if (millisecondsOf(key) > Date.now() + DAY_MS) {
    return undefined
  }
  const [created, edited] = [momentIn(created_at), momentIn(edited_at)]
  return {
    id: key,
    task_id: task,
    author_id: author,
    body: body as string,
    ...(created && { created_at: created }),
    ...(edited && { edited_at: edited })
  }
}

function tell({ warn }: Findings, counts: Counts): void {
  const { events, people, projects, trashed, invalid } = counts
  const told = [
    [
      'history_not_imported',
      events,
      'events of the history of tasks are not imported: they would be in the name of others.'
    ],
    [
      'people_not_imported',
      people,
      'members of projects, memberships and invitations are not imported: invite people again.'
    ],
    ['projects_not_created', projects, 'projects are not created, as the request says.'],
    ['projects_in_trash', trashed, 'projects in the trash are not imported.'],
    ['records_not_valid', invalid, 'projects and comments are not valid, and not imported.']
  ] as const
  for (const [code, count, what] of told) {
    if (count > 0) {
      warn(code, `${count} ${what}`)
    }
  }
}
