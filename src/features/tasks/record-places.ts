import type { Caller } from '../../core/context.ts'
import { invalidField, Problem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import type { Tx } from '../../db/transaction.ts'
import type { MemberRole, TaskList } from '../project-access/schema.ts'
import { type ProjectsById, readProjectStates } from '../project-access/service.ts'
import { lockTargets, type Place, placeIn } from './task-projects.ts'

/** Into which projects somebody may put tasks from a file, until the transaction ends. */
export interface RecordPlaces {
  /** Returns where a task goes that names a project, or none; or why it may not go there. */
  of: (project_id: string | null | undefined) => Place | Problem
  /** The projects among those that were asked for into which tasks may go. */
  open: TaskList[]
  /** The caller's role as a member of one of them. */
  memberRoleIn: (project_id: string | null) => MemberRole | null
}

/** Locks projects and returns which of them the caller may put tasks into; before any task is locked. */
export async function lockRecordPlaces(
  tx: Tx,
  caller: Caller,
  projectIds: (string | null | undefined)[]
): Promise<RecordPlaces> {
  const projects = await lockTargets(tx, caller, projectIds)
  const of = (project_id: string | null | undefined) => placeOrProblem(projects, caller, project_id)
  return {
    of,
    open: [...projects.values()]
      .filter(({ id }) => !(of(id) instanceof Problem))
      .map(({ id, owner_id }) => ({ list_id: id, owner_id })),
    memberRoleIn: (project_id) => projects.get(project_id ?? '')?.member_role ?? null
  }
}

/** Throws when the caller may not put tasks into the project that a query names. */
export async function assertMayCreateIn(db: Db, caller: Caller, project_id: string): Promise<void> {
  const place = placeOrProblem(
    await readProjectStates(db, caller, [project_id]),
    caller,
    project_id
  )
  if (!(place instanceof Problem)) {
    return
  }
  const [fault] = place.extras.errors ?? []
  throw fault ? invalidField('query', '/project_id', fault.code, fault.detail) : place
}

function placeOrProblem(
  projects: ProjectsById,
  caller: Caller,
  project_id: string | null | undefined
): Place | Problem {
  try {
    return placeIn(projects, caller, project_id, '')
  } catch (error) {
    if (error instanceof Problem) {
      return error
    }
    throw error
  }
}
