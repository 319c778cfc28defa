import t from 'tap'
import type { Change } from '../../../src/features/changes/schema.ts'
import { follow } from '../../support/follower.ts'
import { accepted, ended, IMPORTS, imported, rows, worker } from '../../support/imports.ts'
import { patchProject, projectWith, removeMember } from '../../support/projects.ts'
import { createTestApp } from '../../support/test-app.ts'

const h = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const ofImports = (changes: Change[]) => changes.filter(({ type }) => type.startsWith('import.'))

t.test('the end of an import is the last of its changes, for its importer', async (t) => {
  const [ann, bob] = [await h.signUp(), await h.signUp()]
  const project = await projectWith(ann, { editor: bob })
  const [anns, bobs] = [await follow(ann), await follow(bob)]
  const { stop } = worker(t, h)
  const done = await imported(bob, rows(3), { query: `?project_id=${project.id}` })
  await stop()
  const seen = await bobs()
  t.strictSame(
    seen.map(({ type }) => type),
    ['task.created', 'task.created', 'task.created', 'import.finished']
  )
  t.match(seen.at(-1), {
    actor_id: bob.user.id,
    project_id: project.id,
    resource: { type: 'import', id: done.id, version: null },
    data: done
  })
  t.strictSame(ofImports(await anns()), [], 'the owner of the project hears of the tasks only')
})

t.test('a dry run, one without rows and one that is cancelled end, too', async (t) => {
  const ann = await h.signUp()
  const anns = await follow(ann)
  const cancelled = await accepted(ann, rows(3))
  const cancel = () => ann.post(`${IMPORTS}/${cancelled.id}/cancel`)
  const answers = await Promise.all([cancel(), cancel(), cancel()])
  t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [200, 409, 409])
  const { stop } = worker(t, h)
  const dry = await imported(ann, rows(2), { query: '?dry_run=true' })
  const empty = await imported(ann, 'title\n')
  await stop()
  const seen = await anns()
  t.match(
    seen.map(({ type, resource, data }) => ({ type, id: resource.id, data })),
    [
      { id: cancelled.id, data: { status: 'cancelled' } },
      { id: dry.id, data: { status: 'succeeded', dry_run: true } },
      { id: empty.id, data: { status: 'succeeded', rows_total: 0 } }
    ].map((one) => ({ type: 'import.finished', ...one }))
  )
  t.equal(seen.length, 3, 'and nothing else has changed')
})

t.test('an import that fails says so to its importer', async (t) => {
  const [ann, bob] = [await h.signUp(), await h.signUp()]
  const project = await projectWith(ann, { editor: bob })
  const bobs = await follow(bob)
  const into = { query: `?project_id=${project.id}` }
  const [archived, left] = [await accepted(bob, rows(2), into), await accepted(bob, rows(2), into)]
  await patchProject(ann, project, { archived: true })
  const { stop } = worker(t, h)
  t.equal((await ended(bob, archived)).status, 'failed')
  await removeMember(ann, project, bob)
  t.equal((await ended(bob, left)).status, 'failed')
  await stop()
  t.match(ofImports(await bobs()), [
    { type: 'import.finished', resource: { id: archived.id }, data: { status: 'failed' } },
    { type: 'import.finished', resource: { id: left.id }, data: { status: 'failed' } }
  ])
})
