import fc from 'fast-check'
import t from 'tap'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp } = await createTestApp(t)

/** What Tasklane should do, in as few lines as possible: the tasks of one user as plain values. */
interface Model {
  id: string
  title: string
  status: string
  priority: string
  tags: string[]
  due_date: string | null
  version: number
  deleted: boolean
  events: string[]
}
type Step =
  | { kind: 'create'; title: string; tags: string[]; status: string }
  | {
      kind: 'update'
      at: number
      fields: Partial<Pick<Model, 'title' | 'status' | 'priority' | 'tags' | 'due_date'>>
      stale: boolean
    }
  | { kind: 'delete' | 'restore'; at: number }

const status = fc.constantFrom('todo', 'in_progress', 'done')
const title = fc.constantFrom('a', 'b', 'c')
const tags = fc.uniqueArray(fc.constantFrom('x', 'y', 'z'))
const at = fc.nat({ max: 7 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), title, tags, status }),
  fc.record({
    kind: fc.constant('update' as const),
    at,
    stale: fc.boolean(),
    fields: fc
      .record(
        {
          title,
          status,
          priority: fc.constantFrom('low', 'medium', 'high'),
          tags,
          due_date: fc.constantFrom(null, '2026-01-01T00:00:00.000Z')
        },
        { requiredKeys: [] }
      )
      .filter((f) => Object.keys(f).length > 0)
  }),
  fc.record({ kind: fc.constantFrom('delete' as const, 'restore' as const), at })
)

/** Takes one step in the model and in Tasklane; returns the status that the model expects and the one that came. */
async function take(
  ann: Person,
  models: Model[],
  step: Step
): Promise<[expected: number, got: number]> {
  if (step.kind === 'create') {
    const { kind: _, ...body } = step
    const task = await ann.create(body as Parameters<Person['create']>[0])
    models.push({
      priority: 'medium',
      due_date: null,
      ...body,
      id: task.id,
      version: 1,
      deleted: false,
      events: ['task.created']
    })
    return [201, 201]
  }
  const model = models[step.at % Math.max(models.length, 1)]
  if (!model) {
    return [0, 0]
  }
  if (step.kind === 'update') {
    const response = await ann.patch(model, step.fields, step.stale ? model.version + 1 : undefined)
    if (model.deleted) {
      return [404, response.statusCode]
    }
    if (step.stale) {
      return [412, response.statusCode]
    }
    if (
      Object.entries(step.fields).some(
        ([field, value]) => JSON.stringify(value) !== JSON.stringify(model[field as keyof Model])
      )
    ) {
      advance(model, 'task.updated', step.fields)
    }
    return [200, response.statusCode]
  }
  if (step.kind === 'delete') {
    const response = await ann.remove(model)
    if (model.deleted) {
      return [404, response.statusCode]
    }
    advance(model, 'task.deleted', { deleted: true })
    return [204, response.statusCode]
  }
  const response = await ann.restore(model)
  if (model.deleted) {
    advance(model, 'task.restored', { deleted: false })
  }
  return [200, response.statusCode]
}

function advance(model: Model, event: string, change: Partial<Model>): void {
  Object.assign(model, change, { version: model.version + 1 })
  model.events.push(event)
}

const shape = ({
  id,
  title,
  status,
  priority,
  tags,
  due_date,
  version
}: Omit<Model, 'deleted' | 'events'>) => ({ id, title, status, priority, tags, due_date, version })
const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)

t.test(
  'any sequence of operations gives the lists, versions and histories of a simple model',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const ann = await signUp()
        const models: Model[] = []
        for (const s of steps) {
          const [expected, got] = await take(ann, models, s)
          if (expected !== got) {
            throw new Error(`${JSON.stringify(s)}: expected ${expected}, got ${got}`)
          }
        }
        const listOf = async (query: string) =>
          (await ann.get(`/api/v1/tasks?limit=100&${query}`)).json().data.map(shape).sort(byId)
        const live = models.filter((m) => !m.deleted)
        const expectations: [string, Model[]][] = [
          ['', live],
          ['deleted=only', models.filter((m) => m.deleted)],
          ['deleted=include', models],
          ['status=done', live.filter((m) => m.status === 'done')],
          ['completed=false', live.filter((m) => m.status !== 'done')],
          ['tag=x&tag=y', live.filter((m) => m.tags.includes('x') || m.tags.includes('y'))],
          ['priority=high&q=a', live.filter((m) => m.priority === 'high' && m.title === 'a')],
          ['due_before=2027-01-01T00:00:00Z', live.filter((m) => m.due_date)]
        ]
        for (const [query, expected] of expectations) {
          const [got, want] = [
            JSON.stringify(await listOf(query)),
            JSON.stringify(expected.map(shape).sort(byId))
          ]
          if (got !== want) {
            throw new Error(`${query}: expected ${want}, got ${got}`)
          }
        }
        for (const model of models) {
          const { data } = (await ann.get(`/api/v1/tasks/${model.id}/events?limit=100`)).json()
          const [got, want] = [
            data
              .map((e: { type: string; version: number }) => `${e.version} ${e.type}`)
              .reverse()
              .join(),
            model.events.map((type, i) => `${i + 1} ${type}`).join()
          ]
          if (got !== want) {
            throw new Error(`history of ${model.id}: expected ${want}, got ${got}`)
          }
        }
      }),
      { numRuns: Number(process.env.MODEL_RUNS ?? 25) }
    )
    t.pass('every sequence agreed with the model')
  }
)
