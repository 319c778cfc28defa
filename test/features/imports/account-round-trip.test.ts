import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import type { TaskCreate } from '../../../src/features/tasks/schema.ts'
import { accountFile, checksumOf, JSON_LINES } from '../../support/account-files.ts'
import { comment } from '../../support/comments.ts'
import { imported, worker } from '../../support/imports.ts'
import { createProject } from '../../support/projects.ts'
import { treeViolations } from '../../support/subtasks.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const TASKS = 600
const BATCH = 100
const COMMENTS = 120
const PER_FAMILY = 20

const here = await createTestApp(t)
const there = await createTestApp(t)
worker(t, here)
worker(t, there)

/** Families of tasks in several lists: one at the top, some below it, the rest below these. */
function tasksIn(lists: (string | null)[]): (TaskCreate & { id: string })[] {
  const ids = Array.from({ length: TASKS }, () => uuidv7())
  return ids.map((id, i) => {
    const [first, place] = [i - (i % PER_FAMILY), i % PER_FAMILY]
    const above = place < 6 ? first : first + 1 + (place % 5)
    return {
      id,
      title: `Task ${i} – Größe 大`,
      description: i % 3 === 0 ? null : `About ${i}\nand more`,
      project_id: lists[(first / PER_FAMILY) % lists.length] as string | null,
      parent_id: place === 0 ? null : (ids[above] as string),
      status: (['todo', 'in_progress', 'done'] as const)[i % 3] as 'todo',
      priority: (['low', 'medium', 'high'] as const)[i % 3] as 'low',
      tags: i % 4 === 0 ? ['=a', 'x y'] : [],
      due_date: [null, '2026-05-01', '2026-05-01T10:00:00.123Z'][i % 3] as string | null
    }
  })
}

async function fill(ann: Person): Promise<void> {
  const projects = [await createProject(ann, 'One'), await createProject(ann, 'Two')]
  const tasks = tasksIn([...projects.map(({ id }) => id), null])
  for (let i = 0; i < TASKS; i += BATCH) {
    const operations = tasks
      .slice(i, i + BATCH)
      .map(({ id, ...data }) => ({ op: 'create', id, data }))
    const response = await ann.post('/api/v1/task-batches', { operations })
    t.ok(response.json().results.every(({ status }: { status: number }) => status === 201))
  }
  // Some are below a task that is made after them, and comes hundreds of lines later in the file.
  for (const project_id of [...projects.map(({ id }) => id), null]) {
    const late = await ann.create({ title: 'Late', project_id })
    const family = tasks.filter((task) => task.project_id === project_id && task.parent_id === null)
    for (const task of family.slice(0, 3)) {
      const below = tasks.find(({ parent_id }) => parent_id === task.id) as { id: string }
      await ann.patch(below, { parent_id: late.id })
    }
  }
  for (let i = 0; i < COMMENTS; i++) {
    await comment(ann, tasks[(i * 7) % TASKS] as { id: string }, `Comment ${i}\n– schön`)
  }
}

t.test(
  'hundreds of tasks go to another installation and back with all that they have',
  async (t) => {
    const [ann, away, back] = [await here.signUp(), await there.signUp(), await here.signUp()]
    await fill(ann)
    const file = await accountFile(ann)
    const counts = { rows_created: TASKS + 3, projects_created: 2, comments_created: COMMENTS }
    t.match(await imported(away, file, JSON_LINES), {
      ...counts,
      rows_rejected: 0,
      errors_total: 0
    })
    const there_ = await accountFile(away)
    t.equal(checksumOf(there_), checksumOf(file))
    t.match(await imported(ann, there_, JSON_LINES), {
      rows_skipped: TASKS + 3,
      comments_created: 0
    })
    t.equal(checksumOf(await accountFile(ann)), checksumOf(file))
    t.match(await imported(back, there_, JSON_LINES), { ...counts, errors_total: 0 })
    t.strictSame(await treeViolations(there.db), [])
    t.strictSame(await treeViolations(here.db), [])
  }
)
