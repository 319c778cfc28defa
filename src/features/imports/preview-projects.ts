import { ownUuid } from '../../lib/deterministic-uuid.ts'
import { projectKeyOf } from '../projects/service.ts'
import type { ProjectRecord } from './phases.ts'
import { PREVIEW_PROJECTS, type TaskImportPreview } from './preview.schema.ts'
import type { ValidRow } from './row-reader.ts'

/** Finds the projects into which somebody may put tasks: by the keys of names, and by ids. */
export interface FindProjects {
  byName: (names: string[]) => Promise<ReadonlyMap<string, { id: string }>>
  /** Of two ids for one project, the second is that which it gets where the first belongs to somebody else. */
  byId: (ids: [string, string][]) => Promise<ReadonlyMap<string, string>>
}
type Projects = TaskImportPreview['projects']
interface Counted {
  name: string
  rows_total: number
}

/** Counts the rows of each project of a file, and finds those that there are. */
export function createProjectCounter() {
  const byKey = new Map<string, Counted>()
  const byId = new Map<string, Counted>()
  const named = (name: string): Counted | undefined => {
    const key = projectKeyOf(name)
    const counted = byKey.get(key) ?? { name, rows_total: 0 }
    if (byKey.size < PREVIEW_PROJECTS) {
      byKey.set(key, counted)
    }
    return byKey.get(key)
  }
  return {
    /** Counts a row. */
    add({ kept: { project, project_id = '' } }: ValidRow): void {
      const counted = project === undefined ? byId.get(project_id) : named(project)
      if (counted) {
        counted.rows_total++
      }
    },
    /** Takes notice of a project that the file has. */
    addRecord({ id, name }: ProjectRecord): void {
      if (byId.size < PREVIEW_PROJECTS) {
        byId.set(id, { name, rows_total: 0 })
      }
    },
    async result(userId: string, find: FindProjects): Promise<Projects> {
      const [here, names] = [
        await find.byId([...byId.keys()].map((id) => [id, ownUuid(userId, id)])),
        await find.byName([...byKey.values()].map(({ name }) => name))
      ]
      return [
        ...[...byId].map(([id, counted]) => ({ ...counted, project_id: here.get(id) ?? null })),
        ...[...byKey].map(([key, counted]) => ({
          ...counted,
          project_id: names.get(key)?.id ?? null
        }))
      ].slice(0, PREVIEW_PROJECTS)
    }
  }
}
